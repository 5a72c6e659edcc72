import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, verifySlip } from "@anamnesis/protocol";
import type {
  CertificateView,
  RecordSlip,
  RecordView,
  Slip,
  SlipProof,
  VersionView,
} from "@anamnesis/protocol";
import { certificateOf } from "./people.ts";
import { proveSlip } from "./proofs/prove.ts";
import type { ProofParts } from "./proofs/prove.ts";
import type { Session } from "./session.ts";

/** A version that a certified author signed: not one of the patient's own. */
export type AuthoredSlip = Exclude<RecordSlip, Slip<"record.own">>;

/** One version of a record whose slip is proven to stand on its chain, signed by an author who was certified. */
export interface ProvenVersion {
  readonly slip: AuthoredSlip;
  readonly proof: SlipProof;
  readonly author: CertificateView;
}

/** `ID` or `ID@n` taken apart; `n` counts from 1. @throws {AnamnesisError} BAD_REQUEST */
export function parseRecordName(name: string): {
  readonly id: string;
  readonly n: number | undefined;
} {
  const match = /^([0-9a-f]{64})(?:@([1-9]\d{0,5}))?$/.exec(name);
  if (match?.[1] === undefined)
    throw new AnamnesisError(
      "BAD_REQUEST",
      "A record's id is 64 lower-case hex digits, with @n for its version n",
    );
  return { id: match[1], n: match[2] === undefined ? undefined : Number(match[2]) };
}

/** The version that is meant, the newest without a number. @throws {AnamnesisError} NOT_FOUND */
export function versionOf(
  record: RecordView,
  n: number | undefined,
): VersionView & { readonly n: number } {
  const number = n ?? record.versions.length;
  const version = record.versions[number - 1];
  if (version === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      `The record has ${record.versions.length} versions, not ${number}`,
    );
  return { ...version, n: number };
}

/** What a list says of a record and of one of its versions, to be compared with what the chain proves. */
type Listed = Readonly<Record<"record" | "pid" | "tag" | "institution", string>>;
type ListedVersion = Pick<VersionView, "digest"> & {
  readonly slip: string;
  /** Absent where the list does not say. */
  readonly sealedId?: Uint8Array;
};

/**
 * Proves a version: two members' heads, what the slip itself says against what the node listed, and the author's outer
 * signature under a certificate that an intermediate issued and that covered the time of signing.
 *
 * @throws {AnamnesisError} PROOF_INVALID, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, UNAVAILABLE.
 */
export async function proveVersion(
  session: Session,
  chain: string,
  record: Listed,
  version: ListedVersion,
  parts: ProofParts = {},
): Promise<ProvenVersion> {
  const { slip, proof } = await proveSlip(session, chain, version.slip, parts);
  if (slip.kind !== "record.submit" && slip.kind !== "record.amend")
    throw new AnamnesisError(
      "PROOF_INVALID",
      `Want the slip of a record.submit or record.amend, not of ${slip.kind}`,
    );
  const { fields } = slip;
  const id = slip.kind === "record.submit" ? slip.id : toHex(slip.fields.record);
  const agrees =
    id === record.record &&
    toHex(fields.pid) === record.pid &&
    toHex(fields.tag) === record.tag &&
    toHex(fields.digest) === version.digest &&
    equalBytes(fields.sealedId, version.sealedId ?? fields.sealedId) &&
    fields.institution === record.institution;
  if (!agrees)
    throw new AnamnesisError(
      "DIGEST_MISMATCH",
      "What the node lists is not what the slip on the chain says",
    );
  const author = await verifiedAuthor(session, slip);
  return { slip, proof, author };
}

/** The author whose signature the slip carries. @throws {AnamnesisError} AUTHOR_UNVERIFIED */
async function verifiedAuthor(session: Session, slip: AuthoredSlip): Promise<CertificateView> {
  const author = await certificateOf(session, toHex(slip.fields.cert));
  const wasLive = slip.time >= author.validFrom && slip.time <= author.validTo;
  const wasRevoked = author.revokedAt !== 0 && author.revokedAt <= slip.time;
  if (!wasLive || wasRevoked || author.institution !== slip.fields.institution) {
    throw new AnamnesisError(
      "AUTHOR_UNVERIFIED",
      "The author's certificate did not cover this record",
    );
  }
  if (!verifySlip(slip, author.signingKey))
    throw new AnamnesisError(
      "AUTHOR_UNVERIFIED",
      "The author's signature over the record does not verify",
    );
  return author;
}

/** Refuses a stored object that is another record's than the slip says. @throws {AnamnesisError} DIGEST_MISMATCH */
export function assertSameRecord(
  slip: AuthoredSlip,
  header: { readonly pid: Uint8Array; readonly tag: Uint8Array; readonly author: Uint8Array },
): void {
  const { pid, tag, cert } = slip.fields;
  if (
    !equalBytes(header.pid, pid) ||
    !equalBytes(header.tag, tag) ||
    !equalBytes(header.author, cert)
  ) {
    throw new AnamnesisError(
      "DIGEST_MISMATCH",
      "The stored record is not the one that the chain names",
    );
  }
}
