import type { Transition } from "../context.ts";
import { accept, putInstitution, reject } from "../outcome.ts";

/** The authority suspends a member's node from carrying slips, or lets it carry again. Spec: docs/spec/slips.md S-22. */
export const institutionSuspend: Transition<"institution.suspend"> = (state, { fields }) => {
  const institution = state.institution(fields.id);
  if (institution === undefined) return reject("INSTITUTION_UNKNOWN");

  return accept(putInstitution(fields.id, { ...institution, suspended: fields.suspended }));
};
