import { fromHex } from "@anamnesis/crypto/verify";
import { InvariantError, decodePageHeader, decodeSlip, inclusionPath } from "@anamnesis/protocol";
import type {
  ChainId,
  MapName,
  PageHeader,
  SlipId,
  SlipPlace,
  SlipProof,
  StateProof,
} from "@anamnesis/protocol";
import { pageLogPath, readPageLog } from "./pageLog.ts";
import { readOpenPage, split } from "./pages.ts";
import { readRoots } from "./roots.ts";
import { mapRows, rows } from "./rows.ts";
import { proveSparse } from "./sparseMap.ts";
import { pathFromSubtrees, readSubtrees } from "./subtrees.ts";
import { readRow } from "./view.ts";
import type { Reader } from "./view.ts";
import { voterChanges } from "./voterChanges.ts";

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
  const sequence = readRow(state, rows.slipId, rows.slipId.key(fromHex(id)));
  const stored =
    sequence === undefined ? undefined : readRow(state, rows.slip, rows.slip.key(sequence));
  if (stored === undefined) return undefined;
  const { bytes: slip, carrier, page, index } = stored;
  return {
    v: 1,
    chain,
    height,
    roots: readRoots(state),
    slip,
    carrier,
    place: placeOf(state, page, index),
    heads: [],
    voters: voterChanges(state),
  };
}

function placeOf(state: Reader, page: number, index: number): SlipPlace {
  const stored = readRow(state, rows.page, rows.page.key(page));
  if (stored === undefined) {
    const leaves = split(readOpenPage(state).leaves);
    return { in: "openPage", index, count: leaves.length, path: inclusionPath(leaves, index) };
  }
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
    proof: proveSparse(state, map, id, mapValue(state, map, id)),
    heads: [],
    voters: voterChanges(state),
  };
}

/** The entry of a map that proofs name by `id`. */
function mapValue(state: Reader, map: MapName, id: string): Uint8Array | undefined {
  for (const row of mapRows(map)) {
    const key = row.keyOf(id);
    if (key !== undefined) return state.get(key);
  }
  return undefined;
}

/** A sealed page's header; `undefined` when it is not sealed yet. */
export function pageHeader(state: Reader, no: number): PageHeader | undefined {
  const page = readRow(state, rows.page, rows.page.key(no));
  return page === undefined ? undefined : decodePageHeader(page.header);
}

/** Ids of a sealed page's slips, in leaf order; `undefined` when it is not sealed yet. */
export function pageSlips(state: Reader, no: number): SlipId[] | undefined {
  const page = readRow(state, rows.page, rows.page.key(no));
  if (page === undefined) return undefined;
  const { count } = decodePageHeader(page.header);
  return Array.from({ length: count }, (_, i) => {
    const stored = readRow(state, rows.slip, rows.slip.key(page.first + i));
    if (stored === undefined) throw new InvariantError(`page ${no} lacks its slip ${i}`);
    return decodeSlip(stored.bytes).id;
  });
}
