import { equalBytes } from "@anamnesis/crypto/verify";
import { followersAmong, isQuorum, parseInstitutionId, votersAmong } from "@anamnesis/protocol";
import type {
  Cosignature,
  Genesis,
  InstitutionId,
  InstitutionState,
  Voter,
} from "@anamnesis/protocol";
import { accept, put, reject } from "./outcome.ts";
import type { Outcome, Write } from "./outcome.ts";
import { rows } from "./rows.ts";
import type { LedgerView } from "./view.ts";

/** Whether a member votes: it has power, is not suspended, and is no third party. */
const votes = ({ power, suspended, level }: InstitutionState): boolean =>
  power > 0 && !suspended && level !== "third-party";

/**
 * A member's new entry, and the voters where they follow. A change of voters wants the signatures of voters whose power
 * exceeds a third ({@link isQuorum}); somebody has to be left who votes.
 * Spec: docs/spec/slips.md S-19.
 */
export function changeMember(
  state: LedgerView,
  genesis: Genesis,
  { id, cosigned }: { readonly id: string; readonly cosigned: readonly Cosignature[] },
  institution: InstitutionState,
): Outcome {
  const { after, writes } = memberWrites(state, id, institution);
  if (after === undefined) return accept(...writes);
  if (after.length === 0) return reject("NOT_AUTHORISED");
  if (!isCosigned(state, genesis, cosigned)) return reject("VOTES_MISSING");

  return accept(...writes);
}

/** A member's new entry, and `after`, the voters, where they are others then. */
export function memberWrites(
  state: LedgerView,
  id: string,
  institution: InstitutionState,
): { readonly after?: readonly Voter[]; readonly writes: readonly Write[] } {
  const member = put(rows.institution, rows.institution.key(id), institution);
  const before = state.voters();
  const after = votersWith(before, parseInstitutionId(id), institution);
  if (equalBytes(rows.voters.encode([...before]), rows.voters.encode(after)))
    return { writes: [member] };
  return { after, writes: [member, put(rows.voters, rows.voters.key(), after)] };
}

function votersWith(
  voters: readonly Voter[],
  id: InstitutionId,
  institution: InstitutionState,
): Voter[] {
  const { nodeKey, power } = institution;
  const others = voters.filter((voter) => voter.id !== id);
  return votersAmong(votes(institution) ? [...others, { id, nodeKey, power }] : others);
}

/** Whether voters with enough power signed; that their signatures verify was judged with the group's. */
export function isCosigned(
  state: LedgerView,
  genesis: Genesis,
  cosigned: readonly Cosignature[],
): boolean {
  const signers = new Set(cosigned.map(({ institution }) => institution));
  return isQuorum({ voters: state.voters(), followers: followersAmong(genesis.members) }, signers);
}
