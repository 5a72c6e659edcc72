import { AnamnesisError, parseInstitutionId } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * The authority makes an institution a member: from the next block on its node may carry groups.
 *
 * An id must have the form of a name and must not be that of a CA, since `identity.revoke` names either.
 * Spec: docs/spec/slips.md S-20.
 */
export const institutionEnrol: Kind<"institution.enrol"> = {
  apply(state, { fields }, { genesis }) {
    if (!isName(fields.id) || genesis.cas.some(({ id }) => id === fields.id))
      return reject("NOT_AUTHORISED");
    if (state.institution(fields.id) !== undefined) return reject("INSTITUTION_EXISTS");

    const { id, ...member } = fields;
    const key = rows.institution.key(id);
    return accept(put(rows.institution, key, { v: 1, ...member, suspended: false }));
  },
  index: "none",
  history: "none",
};

function isName(text: string): boolean {
  try {
    return parseInstitutionId(text) === text;
  } catch (cause) {
    if (cause instanceof AnamnesisError) return false;
    throw cause;
  }
}
