import { sha256 } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/** The patient ends a grant, also one that has expired. Said twice, it is answered GRANT_REVOKED. Spec: docs/spec/slips.md S-41. */
export const grantRevoke: Kind<"grant.revoke"> = {
  apply(state, { fields }, { time }) {
    const gid = sha256(fields.key);
    const grant = state.grant(gid);
    if (grant === undefined) return reject("GRANT_UNKNOWN");
    if (grant.revokedAt !== 0) return reject("GRANT_REVOKED");

    return accept(put(rows.grant, rows.grant.key(gid), { ...grant, revokedAt: time }));
  },
  index: "none",
  history: "none",
};
