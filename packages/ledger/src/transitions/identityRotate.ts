import { toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { accept, putCertificate, reject } from "../outcome.ts";
import { certificateWrites, refuseCertificate } from "./identityCertify.ts";

/**
 * A new certificate in place of `replaces`, which the same slip revokes: same issuer, institution and role.
 * Spec: docs/spec/slips.md S-24.
 */
export const identityRotate: Transition<"identity.rotate"> = (state, slip, context) => {
  const { fields } = slip;
  const refused = refuseCertificate(state, slip, context);
  if (refused !== undefined) return reject(refused);
  const replaced = toHex(fields.replaces);
  const old = state.certificate(replaced);
  if (old === undefined || context.before.certificate(replaced) === undefined)
    return reject("CERTIFICATE_UNKNOWN");
  if (old.issuer !== fields.issuer || old.role !== fields.role) return reject("NOT_AUTHORISED");
  if (old.institution !== fields.institution) return reject("WRONG_INSTITUTION");
  if (old.revokedAt !== 0) return reject("CERTIFICATE_REVOKED");

  return accept(
    ...certificateWrites(slip),
    putCertificate(fields.replaces, { ...old, revokedAt: context.time }),
  );
};
