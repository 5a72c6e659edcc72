import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, assertVoters, isInstitutionId, parseChainId } from "@anamnesis/protocol";
import type { SlipFields } from "@anamnesis/protocol";
import { isCosigned } from "../changeMember.ts";
import type { Kind } from "../context.ts";
import { accept, put, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * The consortium learns of a care chain, or who votes there now: by these voters heads of that chain are judged by whoever
 * trusts the consortium alone. A chain's genesis and institution never change. Spec: docs/spec/slips.md S-26.
 */
export const chainRegister: Kind<"chain.register"> = {
  apply(state, { fields }, { genesis }) {
    if (!isWellFormed(fields)) return reject("NOT_AUTHORISED");
    const { institution, genesis: hash, voters } = fields;
    if (!isInstitutionId(institution) || state.institution(institution) === undefined)
      return reject("INSTITUTION_UNKNOWN");
    const known = state.careChain(fields.registered);
    const isSame =
      known === undefined ||
      (known.institution === institution && equalBytes(known.genesis, fields.genesis));
    if (!isSame) return reject("NOT_AUTHORISED");
    if (!isCosigned(state, genesis, fields.cosigned)) return reject("VOTES_MISSING");

    const key = rows.careChain.key(fields.registered);
    return accept(
      put(rows.careChain, key, {
        v: 1,
        institution,
        genesis: hash,
        voters,
      }),
    );
  },
  index: "none",
  history: "none",
};

/** The chain's name is one, and its voters stand in order, each once. */
function isWellFormed({ registered, voters }: SlipFields<"chain.register">): boolean {
  try {
    assertVoters(voters);
    return parseChainId(registered) === registered;
  } catch (cause) {
    if (cause instanceof AnamnesisError) return false;
    throw cause;
  }
}
