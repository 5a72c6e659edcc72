import { sha256 } from "@anamnesis/crypto/verify";
import { limits } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * A patient's grant becomes live: digest, expiry and who may end it, signed by the grant's own key. Whom it is for stands
 * here as a commitment. Spec: docs/spec/slips.md S-40.
 */
export const grantPublish: Kind<"grant.publish"> = {
  apply(state, { fields }, { time }) {
    const gid = sha256(fields.key);
    if (state.grant(gid) !== undefined) return reject("GRANT_EXISTS");
    if (fields.expiresAt <= time) return reject("EXPIRY_IN_PAST");
    if (fields.expiresAt - time > limits.grantLifetimeMs) return reject("EXPIRY_TOO_FAR");

    const { key: _, ...said } = fields;
    return accept(put(rows.grant, rows.grant.key(gid), { v: 1, ...said, revokedAt: 0 }));
  },
  index: "none",
  history: "none",
};
