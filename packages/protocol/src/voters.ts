import { AnamnesisError } from "./errors.ts";
import { institutionIdShape } from "./ids.ts";
import type { InstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { bytes, item, list, tuple, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/**
 * The voting members of a chain, by id: whose heads and countersignatures count. They stand in the state, under
 * {@link VOTERS} of the map `institutions`, and are those of one height: docs/spec/proofs.md.
 */
export const voterShape = tuple({ id: institutionIdShape, nodeKey: bytes(32), power: uint });
export type Voter = Readonly<Shaped<typeof voterShape>>;
export const votersDocument = item("Voters", list(voterShape, limits.members, 1));

/** The entry's id, which no institution may have. */
export const VOTERS = "voters";

/** Voters as they stand in the state: those with power, by id. */
export const votersAmong = (members: readonly Voter[]): Voter[] =>
  members
    .filter(({ power }) => power > 0)
    .map(({ id, nodeKey, power }) => ({ id, nodeKey, power }))
    .toSorted((left, right) => (left.id < right.id ? -1 : 1));

/**
 * Whether these signers establish a fact: at least two institutions, whose power exceeds ⌊(total − 1) / 3⌋, so that one
 * of them is honest where fewer than a third of the power is not. A chain with one voter needs that voter and one
 * follower besides.
 *
 * @param followers - Members without a vote, as genesis names them.
 */
export function isQuorum(
  voters: readonly Voter[],
  signers: ReadonlySet<InstitutionId>,
  followers: ReadonlySet<InstitutionId> = new Set(),
): boolean {
  const total = powerOf(voters);
  const signing = voters.filter(({ id }) => signers.has(id));
  const others = voters.length === 1 ? [...signers].filter((id) => followers.has(id)).length : 0;
  return signing.length + others >= 2 && powerOf(signing) > Math.floor((total - 1) / 3);
}

const powerOf = (voters: readonly Voter[]): number =>
  voters.reduce((sum, { power }) => sum + power, 0);

/** @throws {AnamnesisError} PROOF_INVALID unless ids ascend, each once, and everybody has power. */
export function assertVoters(voters: readonly Voter[]): void {
  const ascends = voters.every(({ id }, i) => i === 0 || voters[i - 1]!.id < id);
  if (!ascends || !voters.every(({ power }) => power > 0))
    throw new AnamnesisError("PROOF_INVALID", "Voters refused: want each once, by id, with power");
}
