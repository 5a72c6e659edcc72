import { addressKey } from "@anamnesis/crypto/open";
import type { GrantedTag, ReaderGrant, SealedHead } from "@anamnesis/crypto/open";
import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, isForTreatment, readerCommitment } from "@anamnesis/protocol";
import type {
  CertificateView,
  GrantTag,
  OpeningAction,
  Purpose,
  RecordView,
  SlipProof,
  VersionView,
} from "@anamnesis/protocol";
import type { RecordSummary } from "../model.ts";
import { summariseRecord } from "../recordSummary.ts";
import { proveSlip } from "../proofs/prove.ts";
import { parseRecordName, proveVersion, versionOf } from "../recordVersion.ts";
import type { AuthoredSlip } from "../recordVersion.ts";
import { findRecord, kept } from "../foundRecord.ts";
import type { Body } from "../foundRecord.ts";
import type { PassedVault } from "../vaultChoice.ts";
import { openedGrant } from "./grantMessage.ts";
import { grantStatus } from "../grantOnChain.ts";
import { coversRecord, messageOf } from "./grants.ts";
import type { HeldGrant } from "./grants.ts";
import type { FirstSlip, Opening } from "./opening.ts";

/** Which grant opens a record, and by which of its tags. */
export interface Located {
  readonly id: string;
  readonly n: number | undefined;
  readonly held: HeldGrant;
  readonly tag: GrantTag;
  readonly category: string;
  /** The record's first slip as the chain's node showed it; its heads are still to come. */
  readonly first: FirstSlip;
}

/** A record that is proven and whose head is fetched: all that proxies ask to be shown. */
export interface Prepared {
  readonly located: Located;
  readonly summary: RecordSummary;
  readonly version: VersionView & { readonly n: number };
  readonly slip: AuthoredSlip;
  readonly author: CertificateView;
  readonly proof: SlipProof;
  readonly sessionProof: SlipProof;
  /** That the patient confirmed this version; `undefined` where it is opened for treatment. */
  readonly confirmation: SlipProof | undefined;
  /** Head of the object; its body is opened by `body`. */
  readonly stored: SealedHead;
  readonly bodyHash: Uint8Array;
  readonly body: Body;
  readonly passedVaults: readonly PassedVault[];
}

/**
 * Finds the grant for a record: the newest that is live on the chain, else the newest at all, so that the chain and the
 * proxies say what is wrong with it.
 *
 * @throws {AnamnesisError} NO_ACCESS when no grant covers it, ACTION_NOT_GRANTED when none that does allows the action;
 * BAD_REQUEST, UNAVAILABLE.
 */
export async function locate(
  opening: Opening,
  held: readonly HeldGrant[],
  name: string,
  { purpose, action }: { readonly purpose: string | undefined; readonly action: OpeningAction },
): Promise<Located> {
  const { session } = opening;
  const { id, n } = parseRecordName(name);
  const covering = await grantsFor(opening, held, id);
  const candidates = covering.filter(({ held: { grant } }) => grant.actions.includes(action));
  if (covering.length > 0 && candidates.length === 0)
    throw new AnamnesisError(
      "ACTION_NOT_GRANTED",
      `The patient's consent is not for '${action}', want it asked for by name`,
    );
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
  for (const candidate of suiting) {
    const { gid, grant } = candidate.held;
    const onChain = await opening.grantOnChain(gid);
    if (grantStatus(onChain, grant.notAfter, session.clock()) === "live")
      return { id, n, ...candidate };
  }
  return { id, n, ...first };
}

/** Grants at hand whose tags and list cover the record; the record's slip says its chain, visit and tag. */
async function grantsFor(
  opening: Opening,
  held: readonly HeldGrant[],
  id: string,
): Promise<readonly Omit<Located, "id" | "n">[]> {
  const chains = new Map(
    held.flatMap(({ grant }) =>
      grant.tags.map(({ chain, institution }) => [chain, institution] as const),
    ),
  );
  for (const [chain, institution] of chains) {
    const first = await opening.firstSlip({ institution, chain }, id);
    if (first === undefined) continue;
    const { fields } = first.slip;
    return held.flatMap((candidate) => {
      const index = candidate.grant.tags.findIndex(
        (tag) =>
          tag.chain === chain && equalBytes(tag.pid, fields.pid) && equalBytes(tag.tag, fields.tag),
      );
      const tag = candidate.grant.tags[index];
      return tag === undefined || !coversRecord(candidate.grant, id)
        ? []
        : [{ held: candidate, tag, category: candidate.categories[index] ?? "", first }];
    });
  }
  return [];
}

/**
 * The reader's part of a verified grant, whose digest must be the one on the chain.
 *
 * @throws {AnamnesisError} GRANT_UNKNOWN, GRANT_SIGNATURE, and as {@link openedGrant}.
 */
export async function usableGrant(opening: Opening, held: HeldGrant): Promise<ReaderGrant> {
  const { session } = opening;
  const { item } = held;
  const message = () => messageOf(session, item);
  const { reader, digest } = await openedGrant(session, { name: item.name, message });
  const onChain = await opening.grantOnChain(held.gid);
  if (onChain === undefined)
    throw new AnamnesisError("GRANT_UNKNOWN", "The grant is not on the chain");
  if (onChain.digest !== digest || onChain.reader !== toHex(readerCommitment(held.grant)))
    throw new AnamnesisError(
      "GRANT_SIGNATURE",
      "The grant on the chain is another one than the message that came",
    );
  return reader;
}

/**
 * Proves a record and its visit with two members' heads each, for anything but treatment also that the patient confirmed
 * it, and fetches it: its head gives the digest on the chain.
 *
 * @throws {AnamnesisError} NOT_FOUND, NOT_CONFIRMED, PROOF_INVALID, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, OBJECT_CORRUPT, UNAVAILABLE. @throws {CryptoError} E_DECRYPT
 */
export async function prepare(
  opening: Opening,
  located: Located,
  { grant, purpose }: { readonly grant: ReaderGrant; readonly purpose: Purpose },
): Promise<Prepared> {
  const { session, askHead, verify } = opening;
  const { tag, first } = located;
  const granted = grant.tags.find((candidate) => equalBytes(candidate.tag, tag.tag)) as GrantedTag;
  const views = await opening.records(tag, toHex(tag.tag));
  const view = views.find(({ record }) => record === located.id);
  if (view === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such record");
  const version = versionOf(view, located.n);
  const isFirst = version.slip === first.slip.id;
  const parts = isFirst ? { askHead, verify, made: first.made } : { askHead, verify };
  const [{ slip, proof, author }, sessionProof, confirmation] = await Promise.all([
    proveVersion(session, tag.chain, view, version, parts),
    opening.visitProof(tag, view.pid),
    isForTreatment(purpose) ? undefined : proveConfirmed(opening, tag.chain, view, version),
  ]);
  const key = addressKey({ ss64: granted.ss64, tag: granted.tag });
  const found = await findRecord(session, {
    chain: tag.chain,
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
    confirmation,
    stored: found.head,
    bodyHash: found.bodyHash,
    body: await kept(found),
    passedVaults: found.passed,
  };
}

async function proveConfirmed(
  { session, askHead, verify }: Opening,
  chain: string,
  { confirmed }: RecordView,
  version: VersionView,
): Promise<SlipProof> {
  const found = confirmed.find(({ digest }) => digest === version.digest);
  if (found === undefined)
    throw new AnamnesisError(
      "NOT_CONFIRMED",
      "The patient did not confirm this version, so it opens for treatment alone",
    );
  return (await proveSlip(session, chain, found.slip, { askHead, verify })).proof;
}
