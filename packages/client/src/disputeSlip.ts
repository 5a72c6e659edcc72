import { sha256 } from "@anamnesis/crypto/verify";
import { makeSlip, parseChainId } from "@anamnesis/protocol";
import type { DisputeReason } from "@anamnesis/protocol";

/**
 * The `record.dispute` that belongs to a sealed reason (docs/spec/messages.md M-10): the reason names everything that the
 * slip holds but the reason's own digest, so that its author finds the slip, and other bytes belong to another slip.
 *
 * @param sign - By the visit key; whoever only wants the id leaves it out.
 */
export function disputeSlip(
  { chain, time, notAfter, key, record, digest }: DisputeReason,
  sealed: Uint8Array,
  sign: (type: string, message: Uint8Array) => Uint8Array = () => new Uint8Array(64),
): { readonly id: string; readonly bytes: Uint8Array } {
  const header = { chain: parseChainId(chain), time, notAfter };
  return makeSlip("record.dispute", header, { key, record, digest, reason: sha256(sealed) }, sign);
}
