import { equalBytes, fromHex, sha256 } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import type { Genesis } from "./genesis.ts";
import { verifySlipProof } from "./proofs.ts";
import type { SlipProof } from "./proofs.ts";
import type { Slip } from "./slips.ts";

/** One version of a record, as its slip says it: by itself, under which visit and tag, and by whom. */
export type RecordSlip = Slip<"record.submit"> | Slip<"record.amend"> | Slip<"record.own">;

/** The id of the record that a version is of: the slip id of its first one, 32 bytes. */
export const recordOf = (version: RecordSlip): Uint8Array =>
  version.kind === "record.amend" ? version.fields.record : fromHex(version.id);

/**
 * Judges the proof that the patient confirmed a version: a `record.confirm` of this very record and digest, by the key of
 * its visit, on its chain. A `record.own` is its own confirmation.
 *
 * @throws {AnamnesisError} PROOF_INVALID and those of {@link verifySlipProof}.
 */
export function verifyConfirmation(genesis: Genesis, proof: SlipProof, version: RecordSlip): void {
  const { slip } = verifySlipProof(genesis, proof);
  const isItself = version.kind === "record.own" && slip.id === version.id;
  const isIt =
    slip.kind === "record.confirm" &&
    slip.chain === version.chain &&
    equalBytes(slip.fields.record, recordOf(version)) &&
    equalBytes(slip.fields.digest, version.fields.digest) &&
    equalBytes(sha256(slip.fields.key), version.fields.pid);
  if (!isItself && !isIt)
    throw new AnamnesisError(
      "PROOF_INVALID",
      "The confirmation shown is of another record, version or visit",
    );
}
