import type { ReaderGrant } from "@anamnesis/crypto/open";
import { concat, encodeHeader, fromHex, sha256 } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  encodeSlipProof,
  intentCommitment,
  proxyIndices,
} from "@anamnesis/protocol";
import type {
  Grant,
  Intended,
  OpeningAction,
  Purpose,
  ReencryptRequest,
} from "@anamnesis/protocol";
import { contentOf } from "../foundRecord.ts";
import type { OpenRecord } from "../model.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { openByProxies } from "./askProxies.ts";
import type { HeldGrant } from "./grants.ts";
import type { Prepared } from "./prepareOpening.ts";

/** What is asked of one grant. */
export interface Under {
  readonly held: HeldGrant;
  /** The reader's part of it. */
  readonly grant: ReaderGrant;
  readonly action: OpeningAction;
  readonly purpose: Purpose;
}

/**
 * Opens records of one grant under one intent: the intent is posted, k proxies answer, and the content opens. `usage.done`
 * follows once every record of the intent has been read to its end.
 *
 * @returns in their order.
 * @throws {AnamnesisError} The chain's code, e.g. GRANT_REVOKED; the proxies' code, or TOO_FEW_PROXIES with
 * `details.proxies`. @throws {CryptoError} E_DECRYPT
 */
export async function openUnderIntent(
  session: Session,
  { held, grant, action, purpose }: Under,
  items: readonly Prepared[],
): Promise<readonly OpenRecord[]> {
  const intended = {
    salt: session.random(32),
    action,
    purpose,
    digests: items.map(({ slip }) => slip.fields.digest),
  };
  const intent = await postIntent(session, held.grant, intended);
  const request: ReencryptRequest = {
    v: 1,
    suite: "MRS-V1",
    gid: fromHex(held.gid),
    intent: fromHex(intent),
    ...intended,
    items: items.map((item) => ({
      record: encodeSlipProof(item.proof),
      session: encodeSlipProof(item.sessionProof),
      header: encodeHeader(item.stored.header),
      capsules: concat(...item.stored.capsules),
      bodyHash: item.bodyHash,
      original: null,
      confirmation: item.confirmation === undefined ? null : encodeSlipProof(item.confirmation),
    })),
  };
  const { contentKeys, used, faultyProxies } = await openByProxies(session, {
    grant,
    items,
    request,
    intent: fromHex(intent),
  });
  const closed = afterAll(items.length, () => postDone(session, intent, used));
  return items.map((item, i) =>
    openContent(item, contentKeys[i] as Uint8Array, { faultyProxies, closed }),
  );
}

/** @returns the intent's slip id. @throws {AnamnesisError} The chain's code, e.g. GRANT_REVOKED or GRANT_EXPIRED. */
async function postIntent(
  session: Session,
  { key, reader, salt, proxies }: Grant,
  intended: Intended,
): Promise<string> {
  const { chain } = consortiumOf(session.trust);
  const [{ fingerprint }, { signing }] = await Promise.all([
    session.device.certificate(),
    session.device.keys(),
  ]);
  const fields = {
    gid: sha256(key),
    cert: fromHex(fingerprint),
    reader,
    salt,
    action: intended.action,
    proxies: proxyIndices({ proxies }),
    commitment: intentCommitment(intended),
  };
  return postSlip(
    session,
    signedSlip(session, { chain, kind: "usage.intent", fields, secretKey: signing.secretKey }),
  );
}

/** Best effort: the record is open, and the intent on the chain already says so to the patient. */
async function postDone(
  session: Session,
  intent: string,
  proxies: readonly number[],
): Promise<void> {
  const { chain } = consortiumOf(session.trust);
  const [{ fingerprint }, { signing }] = await Promise.all([
    session.device.certificate(),
    session.device.keys(),
  ]);
  const fields = { cert: fromHex(fingerprint), intent: fromHex(intent), proxies };
  try {
    await postSlip(
      session,
      signedSlip(session, { chain, kind: "usage.done", fields, secretKey: signing.secretKey }),
    );
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error;
  }
}

function openContent(
  item: Prepared,
  contentKey: Uint8Array,
  {
    faultyProxies,
    closed,
  }: { readonly faultyProxies: readonly number[]; readonly closed: () => Promise<void> },
): OpenRecord {
  const { summary, version, body, passedVaults } = item;
  const { content, finished } = contentOf(item, body, contentKey, closed);
  return {
    record: summary,
    version: summary.versions[version.n - 1]!,
    content,
    finished,
    faultyProxies,
    passedVaults,
  };
}

/** Calls `last` at the `count`th call. */
function afterAll(count: number, last: () => Promise<void>): () => Promise<void> {
  let left = count;
  return async () => {
    left -= 1;
    if (left === 0) await last();
  };
}
