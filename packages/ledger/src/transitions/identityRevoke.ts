import { toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { accept, putCertificate, reject } from "../outcome.ts";

/**
 * The issuing intermediate, or the node of the person's institution, ends a certificate. It is marked, never deleted:
 * what it signed before still verifies. Spec: docs/spec/slips.md S-25.
 */
export const identityRevoke: Transition<"identity.revoke"> = (
  state,
  { fields },
  { before, time },
) => {
  const fingerprint = toHex(fields.fingerprint);
  const certificate = state.certificate(fingerprint);
  if (certificate === undefined || before.certificate(fingerprint) === undefined)
    return reject("CERTIFICATE_UNKNOWN");
  if (fields.by !== certificate.issuer && fields.by !== certificate.institution)
    return reject("NOT_AUTHORISED");
  if (certificate.revokedAt !== 0) return reject("CERTIFICATE_REVOKED");

  return accept(putCertificate(fields.fingerprint, { ...certificate, revokedAt: time }));
};
