import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";
import { refuseVouching } from "../vouching.ts";
import { certificateIndex, certificateWrites, refuseCertificate } from "./identityCertify.ts";

/**
 * A new certificate in place of `replaces`, which the same slip revokes: same issuer, institution and role.
 * Spec: docs/spec/slips.md S-24.
 */
export const identityRotate: Kind<"identity.rotate"> = {
  apply(state, slip, context) {
    const { fields } = slip;
    const refused = refuseCertificate(state, slip, context);
    if (refused !== undefined) return reject(refused);
    const old = state.certificate(fields.replaces);
    if (old === undefined || context.before.certificate(fields.replaces) === undefined)
      return reject("CERTIFICATE_UNKNOWN");
    if (old.issuer !== fields.issuer || old.role !== fields.role) return reject("NOT_AUTHORISED");
    if (old.institution !== fields.institution) return reject("WRONG_INSTITUTION");
    if (old.revokedAt !== 0) return reject("CERTIFICATE_REVOKED");
    const unvouched = refuseVouching(state, slip, context.time);
    if (unvouched !== undefined) return reject(unvouched);

    const replaced = rows.certificate.key(fields.replaces);
    return accept(
      ...certificateWrites(slip, context),
      put(rows.certificate, replaced, { ...old, revokedAt: context.time }),
    );
  },
  index: certificateIndex,
  history: "none",
};
