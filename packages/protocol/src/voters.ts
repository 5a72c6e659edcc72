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

/** Whose signatures count at one height. */
export interface Electorate {
  readonly voters: readonly Voter[];
  /** Members without a vote, as genesis names them, and their node keys. */
  readonly followers: ReadonlyMap<InstitutionId, Uint8Array>;
}

/** Members of genesis without a vote: where one member alone votes, one of them has to agree. */
export const followersAmong = (members: readonly Voter[]): Electorate["followers"] =>
  new Map(members.filter(({ power }) => power === 0).map(({ id, nodeKey }) => [id, nodeKey]));

/** The key with which an institution's signature counts: a voter's, or a follower's where one member alone votes. */
export function signerKeyOf(
  { voters, followers }: Electorate,
  institution: InstitutionId,
): Uint8Array | undefined {
  const voter = voters.find(({ id }) => id === institution);
  if (voter !== undefined) return voter.nodeKey;
  return voters.length === 1 ? followers.get(institution) : undefined;
}

/**
 * Whether these signers establish a fact: at least two institutions that count ({@link signerKeyOf}), whose power exceeds
 * ⌊(total − 1) / 3⌋, so that one of them is honest where fewer than a third of the power is not.
 */
export function isQuorum(electorate: Electorate, signers: ReadonlySet<InstitutionId>): boolean {
  const { voters } = electorate;
  const counted = [...signers].filter((id) => signerKeyOf(electorate, id) !== undefined);
  const power = powerOf(voters.filter(({ id }) => signers.has(id)));
  return counted.length >= 2 && power > Math.floor((powerOf(voters) - 1) / 3);
}

const powerOf = (voters: readonly Voter[]): number =>
  voters.reduce((sum, { power }) => sum + power, 0);

/** @throws {AnamnesisError} PROOF_INVALID unless ids ascend, each once, and everybody has power. */
export function assertVoters(voters: readonly Voter[]): void {
  const ascends = voters.every(({ id }, i) => i === 0 || voters[i - 1]!.id < id);
  if (!ascends || !voters.every(({ power }) => power > 0))
    throw new AnamnesisError("PROOF_INVALID", "Voters refused: want each once, by id, with power");
}
