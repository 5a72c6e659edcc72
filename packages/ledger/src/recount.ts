import { createLtHash, equalBytes, toHex } from "@anamnesis/crypto/verify";
import type { LtHash } from "@anamnesis/crypto/verify";
import {
  decodePageHeader,
  decodeSlip,
  leafHash,
  pageHash,
  pageLeafHash,
  rootOfLeafHashes,
  sizedRoot,
} from "@anamnesis/protocol";
import type { MapName, StateRoots } from "@anamnesis/protocol";
import { placeCheck, storedPage, storedSlip } from "./facts.ts";
import { Frontier } from "./frontier.ts";
import { IndexCount } from "./indices.ts";
import { readPageLog } from "./pageLog.ts";
import { readOpenPage, split } from "./pages.ts";
import { encodeRoots, factHashKey, factItem, readRoots } from "./roots.ts";
import { updateSparseMap } from "./sparseMap.ts";
import type { StateView, Writes } from "./state.ts";
import { factsOf, stateKeys } from "./stateKeys.ts";
import type { FactRoot } from "./stateKeys.ts";
import { decodeStored } from "./stored.ts";
import { perfectSubtrees } from "./subtrees.ts";
import type { Reader } from "./view.ts";

/**
 * Computes the roots of a state anew from its entries, trusting no stored hash: every slip against its page, every page
 * against the log, every fact and map entry against its root, every stored tree node, peak and index against what it
 * follows from.
 *
 * @returns The roots as they come out, for the caller to compare with a signed app hash, and the first fault in words:
 * an entry that does not fit the others.
 * @throws {AnamnesisError} STORE_CORRUPT and those of decoding, for an entry that cannot be read any more.
 */
export function recount(state: StateView): {
  readonly roots: StateRoots;
  readonly fault: string | undefined;
} {
  const stored = readRoots(state);
  const faults: string[] = [];
  const roots: StateRoots = {
    ...recountPages(state, faults),
    records: recountFacts(state, "records", faults),
    usage: recountFacts(state, "usage", faults),
    grants: recountMap(state, "grants", faults),
    keys: recountMap(state, "keys", faults),
    institutions: recountMap(state, "institutions", faults),
    params: stored.params,
  };
  if (!equalBytes(encodeRoots(roots), encodeRoots(stored)))
    faults.push("the stored roots are not those of the entries");
  return { roots, fault: faults[0] };
}

function recountPages(state: StateView, faults: string[]): Pick<StateRoots, "pages" | "openPage"> {
  const indices = new IndexCount(state, faults);
  let sequence = 0;
  const log = new Frontier();
  let prevHash: Uint8Array = new Uint8Array(32);
  for (const [, bytes] of state.range("page/")) {
    const no = log.count;
    const page = storedPage.decode(bytes);
    const header = decodePageHeader(page.header);
    const leaves = split(page.tree.subarray(0, page.slips.length));
    if (
      header.no !== no ||
      header.count !== leaves.length ||
      !equalBytes(header.prevHash, prevHash)
    )
      faults.push(`page ${no} does not follow the one before`);
    if (!equalBytes(rootOfLeafHashes(leaves), header.merkleRoot))
      faults.push(`the leaves of page ${no} do not lead to its root`);
    if (!equalBytes(perfectSubtrees(leaves), page.tree))
      faults.push(`the tree of page ${no} is not that of its leaves`);
    recountSlips(state, { page: no, leaves, slips: split(page.slips), sequence }, indices, faults);
    sequence += leaves.length;
    prevHash = pageHash(header);
    log.append(leafHash(prevHash), (level, index, hash) => {
      if (!holds(state, stateKeys.logNode(level, index), hash))
        faults.push(`the page log's subtree ${level}/${index} is another`);
    });
  }
  const kept = readPageLog(state);
  if (
    kept.frontier.count !== log.count ||
    !equalBytes(kept.lastHash, prevHash) ||
    !equalBytes(kept.frontier.bytes(), log.bytes())
  ) {
    faults.push("the page log's edge is not that of its pages");
  }
  const openPage = recountOpenPage(state, { no: log.count, sequence }, indices, faults);
  indices.finish();
  return { pages: sizedRoot(log.count, log.root()), openPage };
}

function recountOpenPage(
  state: StateView,
  { no, sequence }: { no: number; sequence: number },
  indices: IndexCount,
  faults: string[],
): Uint8Array {
  const open = readOpenPage(state);
  const leaves = split(open.leaves);
  recountSlips(
    state,
    { page: open.no, leaves, slips: split(open.slips), sequence },
    indices,
    faults,
  );
  const edge = new Frontier();
  for (const leaf of leaves) edge.append(leaf);
  if (
    open.no !== no ||
    open.sequence !== sequence + leaves.length ||
    !equalBytes(edge.bytes(), open.peaks)
  )
    faults.push("the open page's edge is not that of its slips");
  return sizedRoot(leaves.length, edge.root());
}

interface PlacedSlips {
  readonly page: number;
  readonly leaves: readonly Uint8Array[];
  readonly slips: readonly Uint8Array[];
  /** How many slips stand before these. */
  readonly sequence: number;
}

function recountSlips(
  state: Reader,
  { page, leaves, slips, sequence }: PlacedSlips,
  indices: IndexCount,
  faults: string[],
): void {
  if (slips.length !== leaves.length)
    faults.push(`page ${page} names ${slips.length} slips for ${leaves.length} leaves`);
  for (const [index, id] of slips.entries()) {
    const bytes = state.get(stateKeys.slip(toHex(id)));
    if (bytes === undefined) {
      faults.push(`slip ${index} of page ${page} is missing`);
      continue;
    }
    const stored = storedSlip.decode(bytes);
    const leaf = leaves[index] ?? new Uint8Array(0);
    const isSame =
      stored.page === page &&
      stored.index === index &&
      equalBytes(pageLeafHash(stored.bytes, stored.carrier), leaf);
    if (!equalBytes(stored.check, placeCheck(stored.height, stored.time)))
      faults.push(`height and time of slip ${index} of page ${page} are others`);
    const slip = decodeSlip(stored.bytes);
    if (!isSame || slip.id !== toHex(id))
      faults.push(`slip ${index} of page ${page} is another than its leaf`);
    indices.expect(slip, sequence + index);
  }
}

function recountFacts(state: StateView, root: FactRoot, faults: string[]): Uint8Array {
  const hash: LtHash = createLtHash();
  let count = 0;
  for (const [key, value] of factsOf(state, root)) {
    hash.add(factItem(key, value));
    count += 1;
  }
  if (count > 0 && !holds(state, factHashKey[root], hash.state()))
    faults.push(`the multiset hash of ${root} is not that of its facts`);
  return hash.digest();
}

/** The map built from its entries as if they came all at once. */
function recountMap(state: StateView, map: MapName, faults: string[]): Uint8Array {
  const prefix = `${map}/`;
  const entries = new Map(
    Array.from(state.range(prefix), ([key, value]) => [key.slice(prefix.length), value] as const),
  );
  const nodes: Writes = new Map();
  const root = updateSparseMap({ get: () => undefined }, map, entries, nodes);
  for (const [key, node] of nodes) {
    const kept = state.get(key);
    if (kept === undefined || node === undefined || !equalBytes(kept, node))
      faults.push(`a node of the ${map} map is another`);
  }
  return root;
}

/** Whether the byte string that is kept alone under a key is this one. */
function holds(state: Reader, key: string, want: Uint8Array): boolean {
  const kept = state.get(key);
  return kept !== undefined && equalBytes(decodeStored<[Uint8Array]>(kept)[0], want);
}
