import { sha256 } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * A visit begins at the institution whose node carries this slip; signed by the visit's own key, pid = SHA-256(key). A key that
 * signs for another visit opens none, so that every key is of one.
 * Spec: docs/spec/slips.md S-30.
 */
export const sessionOpen: Kind<"session.open"> = {
  apply(state, { fields }, { carrier: institution, sequence }) {
    const key = rows.session.key(sha256(fields.key));
    if (state.has(key)) return reject("SESSION_EXISTS");
    if (state.has(rows.claimTo.key(fields.key))) return reject("VISIT_KEY_EXISTS");

    return accept(fact(rows.session, key, { institution, sequence }));
  },
  index: "none",
  history: "none",
};
