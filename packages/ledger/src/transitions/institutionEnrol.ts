import { AnamnesisError, parseInstitutionId } from "@anamnesis/protocol";
import type { Transition } from "../context.ts";
import { accept, putInstitution, reject } from "../outcome.ts";

/**
 * The authority makes an institution a member: from the next block on its node may carry groups.
 *
 * An id must have the form of a name and must not be that of a CA, since `identity.revoke` names either.
 * Spec: docs/spec/slips.md S-20.
 */
export const institutionEnrol: Transition<"institution.enrol"> = (
  state,
  { fields },
  { genesis },
) => {
  if (!isName(fields.id) || genesis.cas.some(({ id }) => id === fields.id))
    return reject("NOT_AUTHORISED");
  if (state.institution(fields.id) !== undefined) return reject("INSTITUTION_EXISTS");

  const { id, ...member } = fields;
  return accept(putInstitution(id, { v: 1, ...member, suspended: 0 }));
};

function isName(text: string): boolean {
  try {
    return parseInstitutionId(text) === text;
  } catch (cause) {
    if (cause instanceof AnamnesisError) return false;
    throw cause;
  }
}
