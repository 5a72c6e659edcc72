import type { Transition } from "../context.ts";
import { accept, putInstitution, reject } from "../outcome.ts";

/** The authority changes a member's level. Spec: docs/spec/slips.md S-21. */
export const institutionLevel: Transition<"institution.level"> = (state, { fields }) => {
  const institution = state.institution(fields.id);
  if (institution === undefined) return reject("INSTITUTION_UNKNOWN");

  return accept(putInstitution(fields.id, { ...institution, level: fields.level }));
};
