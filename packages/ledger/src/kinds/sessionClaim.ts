import { sha256 } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import { rows } from "../rows.ts";
import { refuseSigner } from "../visitSigner.ts";

/**
 * A visit gets a fresh signing key, from the one that signs now: for a patient whom nobody knew when the visit began. The pid
 * stays, and the old key signs for nothing any more. Spec: docs/spec/slips.md S-35.
 */
export const sessionClaim: Kind<"session.claim"> = {
  apply(state, { fields }, { sequence }) {
    const { key, pid, newKey } = fields;
    if (state.session(pid) === undefined) return reject("SESSION_UNKNOWN");
    const refused = refuseSigner(state, { key, pid }, "NOT_AUTHORISED");
    if (refused !== undefined) return reject(refused);
    const claimTo = rows.claimTo.key(newKey);
    if (state.session(sha256(newKey)) !== undefined || state.has(claimTo))
      return reject("VISIT_KEY_EXISTS");

    return accept(
      fact(rows.claimTo, claimTo, sequence),
      fact(rows.claimFrom, rows.claimFrom.key(key), sequence),
    );
  },
  index: "none",
  history: "none",
};
