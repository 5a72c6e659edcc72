import { changeMember } from "../changeMember.ts";
import type { Kind } from "../context.ts";
import { reject } from "../outcome.ts";

/** The authority suspends a member's node from carrying slips and voting, or lets it again. Spec: docs/spec/slips.md S-22. */
export const institutionSuspend: Kind<"institution.suspend"> = {
  apply(state, { fields }, { genesis }) {
    const institution = state.institution(fields.id);
    if (institution === undefined) return reject("INSTITUTION_UNKNOWN");

    const { suspended } = fields;
    return changeMember(state, genesis, fields, { ...institution, suspended });
  },
  index: "none",
  history: "none",
};
