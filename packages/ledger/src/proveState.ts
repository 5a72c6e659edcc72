import { toHex } from "@anamnesis/crypto/verify";
import { decodePageHeader, inclusionPath } from "@anamnesis/protocol";
import type {
  ChainId,
  MapName,
  PageHeader,
  SlipId,
  SlipPlace,
  SlipProof,
  StateProof,
} from "@anamnesis/protocol";
import { storedPage, storedSlip } from "./facts.ts";
import { pageLogPath, readPageLog } from "./pageLog.ts";
import { readOpenPage, split } from "./pages.ts";
import { readRoots } from "./roots.ts";
import { proveSparse } from "./sparseMap.ts";
import { stateKeys } from "./stateKeys.ts";
import { pathFromSubtrees, readSubtrees } from "./subtrees.ts";
import type { Reader } from "./view.ts";

/** What a proof says about where it was made; the height of the state it is made from is the caller's to know. */
export interface ProofSubject {
  readonly chain: ChainId;
  readonly height: number;
}

/**
 * Proof that a slip stands on the chain, still without heads and countersignatures.
 * @param state - One snapshot: the state after block `height`.
 * @returns `undefined` when the chain does not hold the slip.
 * Spec: docs/spec/proofs.md PR-2.
 */
export function proveSlip(
  state: Reader,
  { chain, height }: ProofSubject,
  id: SlipId,
): SlipProof | undefined {
  const bytes = state.get(stateKeys.slip(id));
  if (bytes === undefined) return undefined;
  const { bytes: slip, carrier, page, index } = storedSlip.decode(bytes);
  return {
    v: 1,
    chain,
    height,
    roots: readRoots(state),
    slip,
    carrier,
    place: placeOf(state, page, index),
    heads: [],
  };
}

function placeOf(state: Reader, page: number, index: number): SlipPlace {
  const sealed = state.get(stateKeys.page(page));
  if (sealed === undefined) {
    const leaves = split(readOpenPage(state).leaves);
    return { in: "openPage", index, count: leaves.length, path: inclusionPath(leaves, index) };
  }
  const stored = storedPage.decode(sealed);
  const header = decodePageHeader(stored.header);
  const pages = readPageLog(state).frontier.count;
  return {
    in: "page",
    header,
    index,
    path: pathFromSubtrees(readSubtrees(stored.tree, header.count), index, header.count),
    pages,
    pagePath: pageLogPath(state, page, pages),
    countersignatures: [],
  };
}

const mapKeys = {
  grants: stateKeys.grant,
  keys: stateKeys.certificate,
  institutions: stateKeys.institution,
} as const;

/**
 * Proof of what a map of the state says about an id, or that it says nothing; still without heads.
 * @param id - gid or fingerprint as 64 hex digits, or an institution's id.
 * Spec: docs/spec/proofs.md PR-3.
 */
export function proveState(
  state: Reader,
  { chain, height }: ProofSubject,
  map: MapName,
  id: string,
): StateProof {
  return {
    v: 1,
    chain,
    height,
    roots: readRoots(state),
    map,
    id,
    proof: proveSparse(state, map, id, state.get(mapKeys[map](id))),
    heads: [],
  };
}

/** A sealed page's header; `undefined` when it is not sealed yet. */
export function pageHeader(state: Reader, no: number): PageHeader | undefined {
  const bytes = state.get(stateKeys.page(no));
  return bytes === undefined ? undefined : decodePageHeader(storedPage.decode(bytes).header);
}

/** Ids of a sealed page's slips, in leaf order; `undefined` when it is not sealed yet. */
export function pageSlips(state: Reader, no: number): SlipId[] | undefined {
  const bytes = state.get(stateKeys.page(no));
  return bytes === undefined
    ? undefined
    : split(storedPage.decode(bytes).slips).map((id) => toHex(id) as SlipId);
}

/** How many pages are sealed, and how many slips the chain holds. */
export const chainCounts = (state: Reader): { readonly pages: number; readonly slips: number } => {
  const { no, sequence } = readOpenPage(state);
  return { pages: no, slips: sequence };
};
