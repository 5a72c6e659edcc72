import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * The issuing intermediate, or the node of the person's institution, ends a certificate. It is marked, never deleted:
 * what it signed before still verifies. Spec: docs/spec/slips.md S-25.
 */
export const identityRevoke: Kind<"identity.revoke"> = {
  apply(state, { fields }, { before, time }) {
    const { fingerprint, by } = fields;
    const certificate = state.certificate(fingerprint);
    if (certificate === undefined || before.certificate(fingerprint) === undefined)
      return reject("CERTIFICATE_UNKNOWN");
    if (by !== certificate.issuer && by !== certificate.institution)
      return reject("NOT_AUTHORISED");
    if (certificate.revokedAt !== 0) return reject("CERTIFICATE_REVOKED");

    const key = rows.certificate.key(fingerprint);
    return accept(put(rows.certificate, key, { ...certificate, revokedAt: time }));
  },
  index: "none",
  history: "none",
};
