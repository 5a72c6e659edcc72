import { encodeCanonical, equalBytes } from "@anamnesis/crypto/verify";
import { decodeItem } from "./canonical.ts";
import { appHashOf, rootNames } from "./appHash.ts";
import type { StateRoots } from "./appHash.ts";
import { AnamnesisError } from "./errors.ts";
import type { Genesis, Member } from "./genesis.ts";
import { headFromList, headToList, verifyHead } from "./heads.ts";
import type { Head } from "./heads.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { leafHash, verifyInclusion, verifySizedInclusion } from "./merkle.ts";
import {
  decodePageHeader,
  encodePageHeader,
  pageHash,
  pageLeafHash,
  verifyPageSignature,
} from "./pages.ts";
import type { Countersignature, PageHeader } from "./pages.ts";
import { decodeSlip } from "./slips.ts";
import type { Slip } from "./slips.ts";
import { verifySparseProof } from "./sparseProof.ts";
import type { EndOfPath, SparseProof } from "./sparseProof.ts";

/** Where a slip stands: in the open page, or in a sealed page whose header is itself a leaf under `pages`. */
export type SlipPlace =
  | {
      readonly in: "openPage";
      readonly index: number;
      readonly count: number;
      readonly path: readonly Uint8Array[];
    }
  | {
      readonly in: "page";
      readonly header: PageHeader;
      readonly index: number;
      readonly path: readonly Uint8Array[];
      readonly pages: number;
      readonly pagePath: readonly Uint8Array[];
      readonly countersignatures: readonly Countersignature[];
    };

/** Proof that a slip stands on a chain: made at one height by one member, with heads of that height. */
export interface SlipProof {
  readonly chain: ChainId;
  readonly height: number;
  readonly roots: StateRoots;
  readonly slip: Uint8Array;
  readonly carrier: InstitutionId;
  readonly place: SlipPlace;
  readonly heads: readonly Head[];
}

export const mapNames = ["grants", "keys", "institutions"] as const;
export type MapName = (typeof mapNames)[number];

/** Proof of the presence or absence of an id in a map of the state. */
export interface StateProof {
  readonly chain: ChainId;
  readonly height: number;
  readonly roots: StateRoots;
  readonly map: MapName;
  readonly id: string;
  readonly proof: SparseProof;
  readonly heads: readonly Head[];
}

/** What a verified proof establishes. `signers` are the institutions whose heads signed this height. */
export interface Established {
  readonly signers: readonly InstitutionId[];
  readonly appHash: Uint8Array;
}

const invalid = (why: string) => new AnamnesisError("PROOF_INVALID", `Proof refused: ${why}`);

/**
 * Verifies heads against the genesis members: each of this chain and height and app hash, each by another member.
 * @param wanted - How many different institutions must have signed (design: 2).
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
  return { ...established, value: proof.proof.found === "value" ? proof.proof.value : undefined };
}

/** Wire and file form: canonical CBOR. */
export function encodeSlipProof(proof: SlipProof): Uint8Array {
  const place = proof.place;
  return encodeCanonical({
    v: 1,
    chain: proof.chain,
    height: proof.height,
    roots: rootNames.map((name) => proof.roots[name]),
    slip: proof.slip,
    carrier: proof.carrier,
    place:
      place.in === "openPage"
        ? [place.index, place.count, [...place.path]]
        : [
            encodePageHeader(place.header),
            place.index,
            [...place.path],
            place.pages,
            [...place.pagePath],
            place.countersignatures.map((c) => [c.institution, c.signature]),
          ],
    heads: proof.heads.map(headToList),
  });
}

/** @throws {AnamnesisError} PROOF_INVALID, UNSUPPORTED_VERSION and those of decoding. */
export function decodeSlipProof(bytes: Uint8Array): SlipProof {
  const map = asProofMap(decodeItem(bytes, "Proof"), slipProofFields);
  const { slip, carrier, place } = map;
  if (!(slip instanceof Uint8Array) || typeof carrier !== "string" || !Array.isArray(place))
    throw invalid("not in the form of a slip proof");
  return { ...proofHeader(map), slip, carrier: carrier as InstitutionId, place: placeFrom(place) };
}

function placeFrom(list: readonly unknown[]): SlipPlace {
  if (list.length === 3) {
    const [index, count, path] = list;
    return {
      in: "openPage",
      index: wholeNumber(index),
      count: wholeNumber(count),
      path: hashes(path),
    };
  }
  if (list.length !== 6) throw invalid("its place is in no known form");
  const [header, index, path, pages, pagePath, signatures] = list;
  if (!(header instanceof Uint8Array) || !Array.isArray(signatures))
    throw invalid("its place is in no known form");
  const countersignatures = signatures.map((item: unknown): Countersignature => {
    const [institution, signature] =
      Array.isArray(item) && item.length === 2 ? (item as unknown[]) : [];
    if (typeof institution !== "string" || !(signature instanceof Uint8Array))
      throw invalid("a countersignature is in no known form");
    return { institution: institution as InstitutionId, signature };
  });
  return {
    in: "page",
    header: decodePageHeader(header),
    index: wholeNumber(index),
    path: hashes(path),
    pages: wholeNumber(pages),
    pagePath: hashes(pagePath),
    countersignatures,
  };
}

export function encodeStateProof(proof: StateProof): Uint8Array {
  const sparse = proof.proof;
  return encodeCanonical({
    v: 1,
    chain: proof.chain,
    height: proof.height,
    roots: rootNames.map((name) => proof.roots[name]),
    map: proof.map,
    id: proof.id,
    siblings: [...sparse.siblings],
    end:
      sparse.found === "value"
        ? [sparse.value]
        : sparse.found === "other"
          ? [sparse.otherKey, sparse.otherValueHash]
          : [],
    heads: proof.heads.map(headToList),
  });
}

/** @throws {AnamnesisError} PROOF_INVALID, UNSUPPORTED_VERSION and those of decoding. */
export function decodeStateProof(bytes: Uint8Array): StateProof {
  const map = asProofMap(decodeItem(bytes, "Proof"), stateProofFields);
  const { map: name, id, siblings, end } = map;
  if (typeof id !== "string" || !mapNames.includes(name as MapName) || !Array.isArray(end))
    throw invalid("not in the form of a state proof");
  const path = hashes(siblings);
  return {
    ...proofHeader(map),
    map: name as MapName,
    id,
    proof: { siblings: path, ...endFrom(end) },
  };
}

/** What lies at the end of the path: nothing, [value], or [other key, hash of the other's value]. */
function endFrom(end: readonly unknown[]): EndOfPath {
  const [first, second] = end;
  if (end.length === 0) return { found: "nothing" };
  if (end.length === 1 && first instanceof Uint8Array) return { found: "value", value: first };
  if (end.length === 2 && first instanceof Uint8Array && second instanceof Uint8Array)
    return { found: "other", otherKey: first, otherValueHash: second };
  throw invalid("the end of its path is in no known form");
}

const slipProofFields = ["v", "chain", "height", "roots", "slip", "carrier", "place", "heads"];
const stateProofFields = ["v", "chain", "height", "roots", "map", "id", "siblings", "end", "heads"];

function asProofMap(value: unknown, fields: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid("not a map");
  if ((value as { v?: unknown }).v !== 1)
    throw new AnamnesisError("UNSUPPORTED_VERSION", "Proof has an unknown version, want 1");
  const map = value as Record<string, unknown>;
  if (
    Object.keys(map).length !== fields.length ||
    !fields.every((field) => Object.hasOwn(map, field))
  )
    throw invalid(`want exactly the fields ${fields.join(", ")}`);
  return map;
}

function proofHeader(map: Record<string, unknown>): {
  chain: ChainId;
  height: number;
  roots: StateRoots;
  heads: Head[];
} {
  const { chain, height, roots, heads } = map;
  const list = hashes(roots);
  if (typeof chain !== "string" || list.length !== rootNames.length || !Array.isArray(heads))
    throw invalid("not in the form of a proof");
  return {
    chain: chain as ChainId,
    height: wholeNumber(height),
    roots: Object.fromEntries(rootNames.map((name, i) => [name, list[i]])) as unknown as StateRoots,
    heads: heads.map(headFromList),
  };
}

function hashes(value: unknown): Uint8Array[] {
  if (
    !Array.isArray(value) ||
    !value.every((item) => item instanceof Uint8Array && item.length === 32)
  )
    throw invalid("a list of 32-byte hashes is not one");
  return value as Uint8Array[];
}

function wholeNumber(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw invalid("a number is not a whole number");
  return value as number;
}
