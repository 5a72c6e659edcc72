import { openBody } from "@anamnesis/crypto/open";
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
import { contentStream } from "../contentStream.ts";
import { inParallel } from "../inParallel.ts";
import type { OpenRecord } from "../model.ts";
import { parseRecordName } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { openByProxies } from "./askProxies.ts";
import { openOwn } from "./openOwn.ts";
import { Opening } from "./opening.ts";
import { gidBytes, locate, prepare, usableGrant } from "./prepareOpening.ts";
import type { Located, Prepared } from "./prepareOpening.ts";

export interface OpenOptions {
  /** Default: the first purpose of the grant. */
  readonly purpose?: Purpose;
  /** Default: read. */
  readonly action?: OpeningAction;
}

const PREPARED_AT_ONCE = 4;
/** An intent serves 30 s and a proxy's answer must fit a request: openings of more go in several. */
const RECORDS_PER_INTENT = 32;

/**
 * Opens a record, whichever way: what this doctor wrote by the author's capsule, else by a patient's grant. Either
 * leaves an entry that the patient sees.
 *
 * @param name - A record id, or `ID@n`.
 * @throws {AnamnesisError} NO_ACCESS, TOO_FEW_PROXIES, what proxies or the chain refuse with, and those of verification.
 */
export async function openRecord(
  session: Session,
  name: string,
  options: OpenOptions = {},
): Promise<OpenRecord> {
  const written = await session.device.items.get("written", parseRecordName(name).id);
  return written === undefined ? openGranted(session, name, options) : openOwn(session, name);
}

/** @throws {AnamnesisError} As {@link openMany}. */
export async function openGranted(
  session: Session,
  name: string,
  options: OpenOptions = {},
): Promise<OpenRecord> {
  const [opened] = await openMany(session, [name], options);
  if (opened === undefined)
    throw new AnamnesisError("NO_ACCESS", "No grant at hand opens this record");
  return opened;
}

/**
 * Opens several records, those of one grant under one intent; in the order asked.
 *
 * For each: the slips of record and visit are proven, the stored object is fetched and checked against the digest on
 * chain; then the intent is posted, k proxies answer, and the content opens. `usage.done` follows once every record of
 * the intent has been read to its end.
 *
 * @throws {AnamnesisError} NO_ACCESS; GRANT_REVOKED, GRANT_EXPIRED and other slip codes; the proxies' code, or
 * TOO_FEW_PROXIES with `details.proxies`; PROOF_INVALID, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, GRANT_SIGNATURE.
 * @throws {CryptoError} E_DECRYPT
 */
export async function openMany(
  session: Session,
  names: readonly string[],
  options: OpenOptions = {},
): Promise<readonly OpenRecord[]> {
  const opening = new Opening(session);
  const located = await locate(opening, names, options.purpose);
  const opened = new Map<Located, OpenRecord>();
  for (const group of Map.groupBy(located, ({ held }) => held.gid).values()) {
    for (let start = 0; start < group.length; start += RECORDS_PER_INTENT) {
      const part = group.slice(start, start + RECORDS_PER_INTENT);
      const records = await openUnderIntent(opening, part, options);
      part.forEach((item, i) => opened.set(item, records[i] as OpenRecord));
    }
  }
  return located.map((item) => opened.get(item) as OpenRecord);
}

async function openUnderIntent(
  opening: Opening,
  located: readonly Located[],
  options: OpenOptions,
): Promise<readonly OpenRecord[]> {
  const { session } = opening;
  const [first] = located as [Located];
  const { held } = first;
  const grant = await usableGrant(opening, held);
  const purpose = options.purpose ?? held.grant.purposes[0] ?? "TREAT";
  const items = await inParallel(located, PREPARED_AT_ONCE, (item) =>
    prepare(opening, item, { grant, purpose }),
  );
  const intended = {
    salt: session.random(32),
    action: options.action ?? "read",
    purpose,
    digests: items.map(({ slip }) => slip.fields.digest),
  };
  const intent = await postIntent(session, held.grant, intended);
  const request: ReencryptRequest = {
    v: 1,
    suite: "MRS-V1",
    gid: gidBytes(first),
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
  const { summary, version, slip, author, body, passedVaults } = item;
  const open = async () =>
    openBody({
      record: await body.open(),
      contentKey,
      authorPublicKey: author.signingKey,
      expectedDigest: slip.fields.digest,
    });
  const { content, finished } = contentStream({ open, passOver: body.passOver, done: closed });
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
