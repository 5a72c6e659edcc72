import { equalBytes } from "@anamnesis/crypto/verify";
import { appHashOf, stateRootsShape } from "./appHash.ts";
import type { StateRoots } from "./appHash.ts";
import { AnamnesisError } from "./errors.ts";
import type { Genesis, Member } from "./genesis.ts";
import { headShape, verifyHead } from "./heads.ts";
import type { Head } from "./heads.ts";
import { chainIdShape, institutionIdShape } from "./ids.ts";
import type { InstitutionId } from "./ids.ts";
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

const madeAt = {
  v: literal(1),
  chain: chainIdShape,
  height: uint,
  roots: stateRootsShape,
  heads: list(headShape, limits.members),
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

const invalid = (why: string) => new AnamnesisError("PROOF_INVALID", `Proof refused: ${why}`);

/**
 * Verifies heads against the genesis members: each of this chain and height and app hash, each by another member.
 * @param wanted - How many different institutions must have signed.
 * @throws {AnamnesisError} PROOF_INVALID
 */
export function verifyHeads(
  genesis: Genesis,
  proof: { chain: string; height: number; roots: StateRoots; heads: readonly Head[] },
  wanted = 2,
): Established {
  if (proof.chain !== genesis.chain)
    throw invalid(`made for chain ${proof.chain}, want ${genesis.chain}`);
  const appHash = appHashOf(proof.roots);
  for (const head of proof.heads) {
    if (head.chain !== proof.chain || head.height !== proof.height)
      throw invalid("a head is of another chain or height");
    if (!equalBytes(head.appHash, appHash)) throw invalid("a head signs another app hash");
  }
  const signers = new Set<InstitutionId>();
  for (const head of proof.heads) {
    if (!verifyHead(head, signingMember(genesis, head.institution, "head").nodeKey))
      throw invalid(`the head of ${head.institution} does not verify`);
    signers.add(head.institution);
  }
  if (signers.size < wanted) throw invalid(`heads of ${signers.size} institutions, want ${wanted}`);
  return { signers: [...signers], appHash };
}

/**
 * Verifies that the slip stands on the chain.
 *
 * @returns The decoded slip (its own signature is judged by the caller, who knows the signer) and who signed the height.
 * @throws {AnamnesisError} PROOF_INVALID, SLIP_MALFORMED, UNKNOWN_KIND.
 */
export function verifySlipProof(
  genesis: Genesis,
  proof: SlipProof,
  wantedHeads = 2,
): Established & { readonly slip: Slip; readonly countersigned: readonly InstitutionId[] } {
  checkPlace(proof);
  const established = verifyHeads(genesis, proof, wantedHeads);
  const countersigned = verifyCountersignatures(genesis, proof.place);
  const slip = decodeSlip(proof.slip);
  if (slip.chain !== genesis.chain) throw invalid("the slip was made for another chain");
  return { ...established, slip, countersigned };
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

function verifyCountersignatures(genesis: Genesis, place: SlipPlace): InstitutionId[] {
  const countersigned = new Set<InstitutionId>();
  if (place.in === "openPage") return [];
  for (const { institution, signature } of place.countersignatures) {
    const { nodeKey } = signingMember(genesis, institution, "countersignature");
    if (!verifyPageSignature(genesis.chain, place.header, signature, nodeKey))
      throw invalid(`the countersignature of ${institution} does not verify`);
    countersigned.add(institution);
  }
  return [...countersigned];
}

function signingMember(genesis: Genesis, institution: InstitutionId, what: string): Member {
  const member = genesis.members.find(({ id }) => id === institution);
  if (member === undefined) throw invalid(`${what} by ${institution}, which is not a member`);
  return member;
}

/** Verifies presence or absence. @returns The value's canonical CBOR, or `undefined` for proven absence. @throws {AnamnesisError} PROOF_INVALID */
export function verifyStateProof(
  genesis: Genesis,
  proof: StateProof,
  wantedHeads = 2,
): Established & { readonly value: Uint8Array | undefined } {
  if (!verifySparseProof(proof.roots[proof.map], proof.id, proof.proof))
    throw invalid(`it does not show what it says about the ${proof.map} map`);
  const established = verifyHeads(genesis, proof, wantedHeads);
  return {
    ...established,
    value: proof.proof.end.found === "value" ? proof.proof.end.value : undefined,
  };
}
