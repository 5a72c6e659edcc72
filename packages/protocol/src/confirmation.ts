import { equalBytes, fromHex, sha256, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import type { Genesis } from "./genesis.ts";
import type { ChainId, SlipId } from "./ids.ts";
import { verifySlipProof } from "./proofs.ts";
import type { SlipProof } from "./proofs.ts";
import type { Slip } from "./slips.ts";
import type { VerifySignature } from "./verifyOnce.ts";

/** A slip that says by itself under which visit and tag, and by whom, a version of a record stands. */
export type RecordSlip = Slip<"record.submit"> | Slip<"record.amend"> | Slip<"record.own">;

/** One version of a record, as its slip says it. */
export interface RecordVersion {
  readonly id: SlipId;
  readonly chain: ChainId;
  /** The id of the record that it is of: the slip id of its first version, 32 bytes. */
  readonly record: Uint8Array;
  readonly institution: string;
  readonly pid: Uint8Array;
  readonly tag: Uint8Array;
  readonly digest: Uint8Array;
  /** What its header must name as author: a certificate, or the visit where the patient wrote. `undefined`: whom the patient rewrapped. */
  readonly author: Uint8Array | undefined;
}

export const recordOf = (version: RecordSlip): Uint8Array =>
  version.kind === "record.amend" ? version.fields.record : fromHex(version.id);

export function recordVersion(slip: RecordSlip): RecordVersion {
  const { id, chain, kind, fields } = slip;
  const { institution, pid, tag, digest } = fields;
  const author = kind === "record.own" ? pid : fields.cert;
  return { id, chain, record: recordOf(slip), institution, pid, tag, digest, author };
}

/** A version whose slip names neither visit nor tag: they are those of the record's first slip, whose id it says. */
export type LaterSlip = Slip<"record.amendForeign"> | Slip<"record.rewrap">;

/** @param first - `undefined` where it is not the slip that the version says its record began with. */
export function laterVersion(slip: LaterSlip, first: Slip): RecordVersion | undefined {
  const { id, chain, fields } = slip;
  const isFirst = first.kind === "record.submit" || first.kind === "record.own";
  if (!isFirst || first.chain !== chain || first.id !== toHex(fields.record)) return undefined;
  const author = slip.kind === "record.amendForeign" ? slip.fields.author : undefined;
  return { ...recordVersion(first), id, digest: fields.digest, author };
}

/**
 * Judges the proof that the patient confirmed a version: a `record.confirm` of this very record and digest, by the key of
 * its visit, on its chain. A `record.own` is its own confirmation.
 *
 * @throws {AnamnesisError} PROOF_INVALID and those of {@link verifySlipProof}.
 */
export function verifyConfirmation(
  genesis: Genesis,
  proof: SlipProof,
  version: RecordVersion,
  verify?: VerifySignature,
): void {
  const { slip } = verifySlipProof(genesis, proof, undefined, verify);
  const isItself = slip.kind === "record.own" && slip.id === version.id;
  const isIt =
    slip.kind === "record.confirm" &&
    slip.chain === version.chain &&
    equalBytes(slip.fields.record, version.record) &&
    equalBytes(slip.fields.digest, version.digest) &&
    equalBytes(sha256(slip.fields.key), version.pid);
  if (!isItself && !isIt)
    throw new AnamnesisError(
      "PROOF_INVALID",
      "The confirmation shown is of another record, version or visit",
    );
}
