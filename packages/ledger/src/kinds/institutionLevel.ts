import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/** The authority changes a member's level. Spec: docs/spec/slips.md S-21. */
export const institutionLevel: Kind<"institution.level"> = {
  apply(state, { fields: { id, level } }) {
    const institution = state.institution(id);
    if (institution === undefined) return reject("INSTITUTION_UNKNOWN");

    return accept(put(rows.institution, rows.institution.key(id), { ...institution, level }));
  },
  index: "none",
  history: "none",
};
