import { AnamnesisError, VOTERS, parseInstitutionId } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { changeMember } from "../changeMember.ts";
import { isNodeKey, nodeKeyWrite } from "../nodeKeys.ts";
import { accept, reject } from "../outcome.ts";

/**
 * The authority makes an institution a member: from the next block on its node may carry groups.
 *
 * An id must have the form of a name and must not be that of a CA, since `identity.revoke` names either, nor that of the
 * voters' entry.
 * Spec: docs/spec/slips.md S-20.
 */
export const institutionEnrol: Kind<"institution.enrol"> = {
  apply(state, { fields }, context) {
    const { genesis } = context;
    if (!isName(fields.id) || genesis.cas.some(({ id }) => id === fields.id))
      return reject("NOT_AUTHORISED");
    if (fields.id === VOTERS) return reject("NOT_AUTHORISED");
    if (state.institution(fields.id) !== undefined) return reject("INSTITUTION_EXISTS");

    if (isNodeKey(state, genesis, fields.nodeKey)) return reject("NODE_KEY_EXISTS");

    const { id: _, audited: __, cosigned: ___, ...member } = fields;
    const changed = changeMember(state, genesis, fields, { v: 1, ...member, suspended: false });
    if (changed.code !== "OK") return changed;
    return accept(...changed.writes, nodeKeyWrite(fields.nodeKey, context));
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
