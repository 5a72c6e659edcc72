import { changeMember } from "../changeMember.ts";
import type { Kind } from "../context.ts";
import { reject } from "../outcome.ts";

/** The authority changes what a member is and its power as a voter. Spec: docs/spec/slips.md S-21. */
export const institutionLevel: Kind<"institution.level"> = {
  apply(state, { fields }, { genesis }) {
    const institution = state.institution(fields.id);
    if (institution === undefined) return reject("INSTITUTION_UNKNOWN");

    const { level, power } = fields;
    return changeMember(state, genesis, fields, { ...institution, level, power });
  },
  index: "none",
  history: "none",
};
