import { equalBytes } from "@anamnesis/crypto/verify";
import { appHashOf, stateRootsShape } from "./appHash.ts";
import type { StateRoots } from "./appHash.ts";
import { AnamnesisError } from "./errors.ts";
import { genesisVoters } from "./genesis.ts";
import type { Genesis } from "./genesis.ts";
import { headShape, verifyHead } from "./heads.ts";
import type { Head } from "./heads.ts";
import { chainIdShape, institutionIdShape } from "./ids.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { leafHash, verifyInclusion, verifySizedInclusion } from "./merkle.ts";
import {
  countersignatureShape,
  pageHash,
  pageHeaderShape,
  pageLeafHash,
  verifyPageSignature,
} from "./pages.ts";
import {
  blob,
  bytes,
  document,
  item,
  list,
  literal,
  object,
  oneOf,
  text,
  uint,
  variants,
} from "./shape.ts";
import type { Shaped } from "./shape.ts";
import { decodeSlip } from "./slips.ts";
import type { Slip } from "./slips.ts";
import { sparseProofShape, verifySparseProof } from "./sparseProof.ts";
import type { VerifySignature } from "./verifyOnce.ts";
import {
  VOTERS,
  assertVoters,
  followersAmong,
  isQuorum,
  signerKeyOf,
  votersDocument,
} from "./voters.ts";
import type { Electorate } from "./voters.ts";

const path = list(bytes(32), limits.merklePath);

/** Where a slip stands: in the open page, or in a sealed page whose header is itself a leaf under `pages`. */
const slipPlaceShape = variants("in", {
  openPage: { index: uint, count: uint, path },
  page: {
    header: pageHeaderShape,
    index: uint,
    path,
    pages: uint,
    pagePath: path,
    countersignatures: list(countersignatureShape, limits.members),
  },
});
export type SlipPlace = Readonly<Shaped<typeof slipPlaceShape>>;

const voterChangeShape = object({
  height: uint,
  roots: stateRootsShape,
  /** Of the entry {@link VOTERS} of the map `institutions`. */
  proof: sparseProofShape,
  heads: list(headShape, limits.members),
});
/** Who votes from one height on: what the state of that height says, under heads of those who voted before. */
export type VoterChange = Readonly<Shaped<typeof voterChangeShape>>;
export const voterChangeDocument = item("Voter change", voterChangeShape);

const madeAt = {
  v: literal(1),
  chain: chainIdShape,
  height: uint,
  roots: stateRootsShape,
  heads: list(headShape, limits.members),
  /** Every change of voters up to that height, oldest first. */
  voters: list(voterChangeShape, limits.voterChanges),
};

const slipProofShape = object({
  ...madeAt,
  slip: blob(limits.slipBytes),
  carrier: institutionIdShape,
  place: slipPlaceShape,
});
/** Proof that a slip stands on a chain: made at one height by one member, with heads of that height. */
export type SlipProof = Readonly<Shaped<typeof slipProofShape>>;
export const slipProofDocument = document("Slip proof", slipProofShape);
export const { encode: encodeSlipProof, decode: decodeSlipProof } = slipProofDocument;

export const mapNames = ["grants", "keys", "institutions"] as const;
export type MapName = (typeof mapNames)[number];

const stateProofShape = object({
  ...madeAt,
  map: oneOf(...mapNames),
  /** gid or fingerprint as 64 hex digits, or an institution's id. */
  id: text(64),
  proof: sparseProofShape,
});
/** Proof of the presence or absence of an id in a map of the state. */
export type StateProof = Readonly<Shaped<typeof stateProofShape>>;
export const stateProofDocument = document("State proof", stateProofShape);
export const { encode: encodeStateProof, decode: decodeStateProof } = stateProofDocument;

/** What a verified proof establishes. `signers` are the institutions whose heads signed this height. */
export interface Established {
  readonly signers: readonly InstitutionId[];
  readonly appHash: Uint8Array;
}

/** By whom a verifier judges heads: the voters from `height` on, as it trusts or has verified them. */
export interface KnownVoters extends Electorate {
  readonly chain: ChainId;
  readonly height: number;
}

/** The voters that genesis names. */
export const votersOfGenesis = (genesis: Genesis): KnownVoters => ({
  chain: genesis.chain,
  height: 0,
  voters: genesisVoters(genesis),
  followers: followersAmong(genesis.members),
});

const invalid = (why: string) => new AnamnesisError("PROOF_INVALID", `Proof refused: ${why}`);

/**
 * Follows changes of voters, each proved by those who voted before it.
 *
 * Nobody can show by a proof that a change was left out: who knows a newer set (from an earlier proof) starts from it.
 *
 * @returns The voters after the last change; changes that `known` has behind it are passed over.
 * @throws {AnamnesisError} PROOF_INVALID
 */
export function followVoters(
  known: KnownVoters,
  changes: readonly VoterChange[],
  verify?: VerifySignature,
): KnownVoters {
  let now = known;
  for (const change of changes) {
    if (change.height <= now.height) continue;
    const { proof, roots, height } = change;
    if (!verifySparseProof(roots.institutions, VOTERS, proof) || proof.end.found !== "value")
      throw invalid(`it does not show who votes from height ${height} on`);
    verifyHeads(now, { ...change, chain: known.chain }, verify);
    const voters = votersDocument.decode(proof.end.value);
    assertVoters(voters);
    now = { ...now, height, voters };
  }
  return now;
}

/**
 * Verifies heads: each of this chain, height and app hash, each by whom it counts from ({@link signerKeyOf}), and together
 * enough ({@link isQuorum}).
 * @throws {AnamnesisError} PROOF_INVALID
 */
export function verifyHeads(
  known: KnownVoters,
  proof: { chain: string; height: number; roots: StateRoots; heads: readonly Head[] },
  verify?: VerifySignature,
): Established {
  if (proof.chain !== known.chain)
    throw invalid(`made for chain ${proof.chain}, want ${known.chain}`);
  const appHash = appHashOf(proof.roots);
  for (const head of proof.heads) {
    if (head.chain !== proof.chain || head.height !== proof.height)
      throw invalid("a head is of another chain or height");
    if (!equalBytes(head.appHash, appHash)) throw invalid("a head signs another app hash");
  }
  const signers = new Set<InstitutionId>();
  for (const head of proof.heads) {
    if (!verifyHead(head, signingKey(known, head.institution), verify))
      throw invalid(`the head of ${head.institution} does not verify`);
    signers.add(head.institution);
  }
  if (!isQuorum(known, signers))
    throw invalid(`heads of ${signers.size} institutions are too few, or have too little power`);
  return { signers: [...signers], appHash };
}

function signingKey(known: KnownVoters, institution: InstitutionId): Uint8Array {
  const key = signerKeyOf(known, institution);
  if (key === undefined) throw invalid(`signed by ${institution}, which does not vote`);
  return key;
}

/**
 * Verifies that the slip stands on the chain, by the voters of the proof's height.
 *
 * @param known - Voters verified before; default those of genesis.
 * @param verify - Default {@link verifySignature}; {@link verifyOnce} where many proofs share heads.
 * @returns The decoded slip (its own signature is judged by the caller, who knows the signer) and who signed the height.
 * @throws {AnamnesisError} PROOF_INVALID, SLIP_MALFORMED, UNKNOWN_KIND.
 */
export function verifySlipProof(
  genesis: Genesis,
  proof: SlipProof,
  known: KnownVoters = votersOfGenesis(genesis),
  verify?: VerifySignature,
): Established & { readonly slip: Slip; readonly countersigned: readonly InstitutionId[] } {
  checkPlace(proof);
  const voters = votersAt(known, proof, verify);
  const established = verifyHeads(voters, proof, verify);
  const countersigned = verifyCountersignatures(voters, proof.place, verify);
  const slip = decodeSlip(proof.slip);
  if (slip.chain !== genesis.chain) throw invalid("the slip was made for another chain");
  return { ...established, slip, countersigned };
}

/** Who votes at the proof's height, as far as it shows. */
function votersAt(
  known: KnownVoters,
  { chain, height, voters }: SlipProof | StateProof,
  verify?: VerifySignature,
): KnownVoters {
  if (chain !== known.chain) throw invalid(`made for chain ${chain}, want ${known.chain}`);
  if (voters.some((change) => change.height > height))
    throw invalid("it shows voters of a later height");
  return followVoters(known, voters, verify);
}

/** Hashes alone: the slip's leaf leads to the roots that the proof states. */
function checkPlace({ slip, carrier, place, roots }: SlipProof): void {
  const leaf = pageLeafHash(slip, carrier);
  if (place.in === "openPage") {
    if (!verifySizedInclusion(leaf, place.index, place.count, place.path, roots.openPage))
      throw invalid("the slip is not in the open page");
    return;
  }
  const { header, index, path, pages, pagePath } = place;
  if (!verifyInclusion(leaf, index, header.count, path, header.merkleRoot))
    throw invalid("the slip is not in the page");
  if (!verifySizedInclusion(leafHash(pageHash(header)), header.no, pages, pagePath, roots.pages))
    throw invalid("the page is not on the chain");
}

function verifyCountersignatures(
  known: KnownVoters,
  place: SlipPlace,
  verify?: VerifySignature,
): InstitutionId[] {
  const countersigned = new Set<InstitutionId>();
  if (place.in === "openPage") return [];
  for (const { institution, signature } of place.countersignatures) {
    const nodeKey = signingKey(known, institution);
    if (!verifyPageSignature(known.chain, place.header, signature, nodeKey, verify))
      throw invalid(`the countersignature of ${institution} does not verify`);
    countersigned.add(institution);
  }
  return [...countersigned];
}

/**
 * Verifies presence or absence, by the voters of the proof's height.
 * @param known - Voters verified before; default those of genesis.
 * @param verify - As in {@link verifySlipProof}.
 * @returns The value's canonical CBOR, or `undefined` for proven absence.
 * @throws {AnamnesisError} PROOF_INVALID
 */
export function verifyStateProof(
  genesis: Genesis,
  proof: StateProof,
  known: KnownVoters = votersOfGenesis(genesis),
  verify?: VerifySignature,
): Established & { readonly value: Uint8Array | undefined } {
  if (!verifySparseProof(proof.roots[proof.map], proof.id, proof.proof))
    throw invalid(`it does not show what it says about the ${proof.map} map`);
  const established = verifyHeads(votersAt(known, proof, verify), proof, verify);
  return {
    ...established,
    value: proof.proof.end.found === "value" ? proof.proof.end.value : undefined,
  };
}
