import { endsGrant } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * The patient, or whoever holds the revoker's key, ends a grant, also one that has expired. Said twice, it is answered
 * GRANT_REVOKED. Spec: docs/spec/slips.md S-41.
 */
export const grantRevoke: Kind<"grant.revoke"> = {
  apply(state, { fields }, { time }) {
    const grant = state.grant(fields.gid);
    if (grant === undefined) return reject("GRANT_UNKNOWN");
    if (!endsGrant(fields, grant)) return reject("NOT_THE_REVOKER");
    if (grant.revokedAt !== 0) return reject("GRANT_REVOKED");

    return accept(put(rows.grant, rows.grant.key(fields.gid), { ...grant, revokedAt: time }));
  },
  index: "none",
  history: "none",
};
