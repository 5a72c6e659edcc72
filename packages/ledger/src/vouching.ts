import { equalBytes } from "@anamnesis/crypto/verify";
import { certificateLive, isByReplaced } from "@anamnesis/protocol";
import type { CertificateState, CertifyingSlip, SlipCode } from "@anamnesis/protocol";
import type { LedgerView } from "./view.ts";

/**
 * Whether who vouches for a certificate may: for a registrar the node of their institution, for everybody else a registrar
 * of the same institution who is live, in a rotation also the key that is replaced. So the registry, whose
 * intermediates sign the slip, puts nobody's key on a chain alone.
 *
 * That the signature verifies, and that an earlier block holds the certificate, was judged with the group's
 * (`innerSignatures.ts`).
 *
 * Spec: docs/spec/slips.md S-27, S-28.
 */
export function refuseVouching(
  state: LedgerView,
  slip: CertifyingSlip,
  time: number,
): Exclude<SlipCode, "OK"> | undefined {
  const { registrar, role, institution, commitment } = slip.fields;
  if (registrar === null) return role === "registrar" ? undefined : "REGISTRAR_MISSING";
  const vouching = state.certificate(registrar);
  if (isByReplaced(slip)) return refuseReplaced(vouching, commitment, time);
  if (role === "registrar") return "NODE_KEY_MISSING";
  if (vouching?.role !== "registrar") return "NOT_A_REGISTRAR";
  if (vouching.institution !== institution) return "REGISTRAR_OF_ANOTHER_INSTITUTION";
  return certificateLive(vouching, time) ? undefined : "REGISTRAR_NOT_LIVE";
}

function refuseReplaced(
  replaced: CertificateState | undefined,
  commitment: Uint8Array,
  time: number,
): Exclude<SlipCode, "OK"> | undefined {
  if (replaced === undefined || !certificateLive(replaced, time)) return "REGISTRAR_NOT_LIVE";
  return equalBytes(replaced.commitment, commitment) ? undefined : "COMMITMENT_CHANGED";
}
