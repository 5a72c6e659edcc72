import { addressKey } from "@anamnesis/crypto/open";
import type { GrantedTag, ReaderGrant, StoredRecord } from "@anamnesis/crypto/open";
import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, decodeSlip } from "@anamnesis/protocol";
import type { CertificateView, GrantTag, SlipProof, VersionView } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { RecordSummary } from "../model.ts";
import { proveSlip } from "../proofs/prove.ts";
import { summariseRecord } from "../recordSummary.ts";
import { parseRecordName, proveVersion, versionOf } from "../recordVersion.ts";
import type { RecordSlip } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { findRecord, kept } from "../storedObject.ts";
import { readerGrant, verifyGrantMessage } from "./grantMessage.ts";
import { grantOnChain, grantStatus } from "../grantOnChain.ts";
import { coversRecord, heldGrants } from "./grants.ts";
import type { HeldGrant } from "./grants.ts";

/** Which grant opens a record, and by which of its tags. */
export interface Located {
  readonly id: string;
  readonly n: number | undefined;
  readonly held: HeldGrant;
  readonly tag: GrantTag;
  readonly category: string;
}

/** A record that is proven and whose head is fetched: all that proxies ask to be shown. */
export interface Prepared {
  readonly located: Located;
  readonly summary: RecordSummary;
  readonly version: VersionView & { readonly n: number };
  readonly slip: RecordSlip;
  readonly author: CertificateView;
  readonly proof: SlipProof;
  readonly sessionProof: SlipProof;
  /** Head of the object; its body is got by `body`. */
  readonly stored: Omit<StoredRecord, "body">;
  readonly bodyHash: Uint8Array;
  /** The record once more, its body unread. */
  readonly body: () => Promise<StoredRecord>;
}

const AT_ONCE = 4;

/**
 * Finds the grant for each record: the newest that is live on the chain, else the newest at all, so that the chain and
 * the proxies say what is wrong with it.
 *
 * @throws {AnamnesisError} NO_ACCESS when no grant covers it; BAD_REQUEST, UNAVAILABLE.
 */
export async function locate(
  session: Session,
  names: readonly string[],
  purpose: string | undefined,
): Promise<readonly Located[]> {
  const held = await heldGrants(session);
  const statuses = new Map<string, Promise<boolean>>();
  const isLive = (candidate: HeldGrant): Promise<boolean> => {
    const known =
      statuses.get(candidate.gid) ??
      grantOnChain(session, candidate.gid).then(
        (view) => grantStatus(view, candidate.grant.notAfter, session.clock()) === "live",
      );
    statuses.set(candidate.gid, known);
    return known;
  };
  return inParallel(names, AT_ONCE, async (name) => {
    const { id, n } = parseRecordName(name);
    const candidates = await grantsFor(session, held, id);
    const suiting =
      purpose === undefined
        ? candidates
        : candidates.filter(({ held: { grant } }) =>
            (grant.purposes as readonly string[]).includes(purpose),
          );
    const [first] = suiting.length > 0 ? suiting : candidates;
    if (first === undefined)
      throw new AnamnesisError(
        "NO_ACCESS",
        "No grant at hand opens this record, want the patient's consent",
      );
    for (const candidate of suiting)
      if (await isLive(candidate.held)) return { id, n, ...candidate };
    return { id, n, ...first };
  });
}

/** Grants at hand whose tags and list cover the record; the record's slip says its chain, visit and tag. */
async function grantsFor(
  session: Session,
  held: readonly HeldGrant[],
  id: string,
): Promise<readonly Omit<Located, "id" | "n">[]> {
  const chains = new Map(
    held.flatMap(({ grant }) =>
      grant.tags.map(({ chain, institution }) => [chain, institution] as const),
    ),
  );
  for (const [chain, institution] of chains) {
    const slip = await recordSlip(session, institution, chain, id);
    if (slip === undefined) continue;
    return held.flatMap((candidate) => {
      const index = candidate.grant.tags.findIndex(
        (tag) =>
          tag.chain === chain &&
          equalBytes(tag.pid, slip.fields.pid) &&
          equalBytes(tag.tag, slip.fields.tag),
      );
      const tag = candidate.grant.tags[index];
      return tag === undefined || !coversRecord(candidate.grant, id)
        ? []
        : [{ held: candidate, tag, category: candidate.categories[index] ?? "" }];
    });
  }
  return [];
}

async function recordSlip(
  session: Session,
  institution: string,
  chain: string,
  id: string,
): Promise<Extract<RecordSlip, { kind: "record.submit" }> | undefined> {
  try {
    const slip = decodeSlip((await session.network.node(institution).slip(chain, id)).slip);
    return slip.kind === "record.submit" ? slip : undefined;
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/**
 * Verifies a grant once more and opens the reader's part: its digest must be the one on the chain.
 *
 * @throws {AnamnesisError} GRANT_SIGNATURE, GRANT_UNKNOWN. @throws {CryptoError} E_DECRYPT, E_SHARE_INVALID
 */
export async function usableGrant(session: Session, held: HeldGrant): Promise<ReaderGrant> {
  const verified = await verifyGrantMessage(session, held.item.message);
  const onChain = await grantOnChain(session, held.gid);
  if (onChain === undefined)
    throw new AnamnesisError("GRANT_UNKNOWN", "The grant is not on the chain");
  if (onChain.digest !== verified.digest)
    throw new AnamnesisError(
      "GRANT_SIGNATURE",
      "The grant on the chain is another one than the message that came",
    );
  return readerGrant(session, verified);
}

/**
 * Proves a record and its visit with two members' heads each, and fetches it: its head gives the digest on the chain.
 *
 * @throws {AnamnesisError} NOT_FOUND, PROOF_INVALID, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, OBJECT_CORRUPT, UNAVAILABLE. @throws {CryptoError} E_DECRYPT
 */
export async function prepare(
  session: Session,
  located: Located,
  grant: ReaderGrant,
): Promise<Prepared> {
  const { tag } = located;
  const node = session.network.node(tag.institution);
  const granted = grant.tags.find((candidate) => equalBytes(candidate.tag, tag.tag)) as GrantedTag;
  const views = await node.records(tag.chain, { tag: toHex(tag.tag) });
  const view = views.find(({ record }) => record === located.id);
  if (view === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such record");
  const version = versionOf(view, located.n);
  const visit = await node.session(tag.chain, view.pid);
  const [{ slip, proof, author }, { proof: sessionProof }] = await Promise.all([
    proveVersion(session, tag.chain, view, version),
    proveSlip(session, tag.chain, visit.slip),
  ]);
  const key = addressKey({ ss64: granted.ss64, tag: granted.tag });
  const found = await findRecord(session, {
    chain: tag.chain,
    institution: tag.institution,
    slip,
    addressKey: key,
  });
  const patient = { fingerprint: located.held.item.patient, name: located.held.item.patientName };
  const summary = await summariseRecord(session, view, {
    chain: tag.chain,
    category: located.category,
    patient,
    gid: located.held.gid,
  });
  return {
    located,
    summary,
    version,
    slip,
    author,
    proof,
    sessionProof,
    stored: found.stored,
    bodyHash: found.bodyHash,
    body: await kept(found),
  };
}

/** Indices 1…n of the federation's proxies. */
export const proxyIndices = (session: Pick<Session, "trust">): readonly number[] =>
  consortiumOf(session.trust).consortium.proxies.map(({ index }) => index);

export const gidBytes = (located: Located): Uint8Array => fromHex(located.held.gid);
