import { equalBytes } from "@anamnesis/crypto/verify";
import { isCosigned, memberWrites } from "../changeMember.ts";
import type { Kind } from "../context.ts";
import { isJudgedByGenesis, isNodeKey, nodeKeyWrite } from "../nodeKeys.ts";
import { accept, reject } from "../outcome.ts";

/**
 * A member's node gets another key: by the key it has, or where that is lost or stolen by the authority and voters. From the
 * next block on nothing counts under the old one.
 *
 * Signatures are judged by the state before the block, so an old key still signs within the block that ends it; one rotation
 * a member and block keeps it from taking the key once more.
 * Spec: docs/spec/slips.md S-29.
 */
export const institutionRotateKey: Kind<"institution.rotateKey"> = {
  apply(state, { fields }, context) {
    const { genesis, before } = context;
    const { id, by, nodeKey, cosigned } = fields;
    const member = state.institution(id);
    const known = before.institution(id);
    if (member === undefined || known === undefined) return reject("INSTITUTION_UNKNOWN");
    if (member.suspended || (by !== id && by !== genesis.authority))
      return reject("NOT_AUTHORISED");
    if (isJudgedByGenesis(genesis, id)) return reject("NODE_KEY_OF_GENESIS");
    if (!equalBytes(member.nodeKey, known.nodeKey)) return reject("NODE_KEY_REPLACED");
    if (isNodeKey(state, genesis, nodeKey)) return reject("NODE_KEY_EXISTS");
    if (by !== id && !isCosigned(state, genesis, cosigned)) return reject("VOTES_MISSING");

    const { writes } = memberWrites(state, id, { ...member, nodeKey });
    return accept(...writes, nodeKeyWrite(nodeKey, context));
  },
  index: "none",
  history: "none",
};
