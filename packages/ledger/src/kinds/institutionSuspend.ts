import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/** The authority suspends a member's node from carrying slips, or lets it carry again. Spec: docs/spec/slips.md S-22. */
export const institutionSuspend: Kind<"institution.suspend"> = {
  apply(state, { fields: { id, suspended } }) {
    const institution = state.institution(id);
    if (institution === undefined) return reject("INSTITUTION_UNKNOWN");

    return accept(put(rows.institution, rows.institution.key(id), { ...institution, suspended }));
  },
  index: "none",
  history: "none",
};
