import { createLtHash, equalBytes, toHex } from "@anamnesis/crypto/verify";
import {
  decodePageHeader,
  decodeSlip,
  leafHash,
  pageHash,
  pageLeafHash,
  rootOfLeafHashes,
  sizedRoot,
} from "@anamnesis/protocol";
import type { MapName, PageHeader, StateRoots } from "@anamnesis/protocol";
import { storedPage, storedSlip } from "./facts.ts";
import { Frontier } from "./frontier.ts";
import { readOpenPage, split } from "./pages.ts";
import { factItem, readRoots } from "./roots.ts";
import { updateSparseMap } from "./sparseMap.ts";
import type { StateView } from "./state.ts";
import { factPrefixes, indexPrefixes, stateKeys } from "./stateKeys.ts";
import type { FactRoot } from "./stateKeys.ts";

/**
 * Computes the roots of a state anew from its entries, trusting no stored hash: every slip against its page, every page
 * against the log, every fact and map entry against its root, every index against what it leads to.
 *
 * @returns The roots as they come out, and the first fault in words: an entry that does not fit the others.
 */
export function recount(state: StateView): {
  readonly roots: StateRoots;
  readonly fault: string | undefined;
} {
  const { params } = readRoots(state);
  const pages = recountPages(state);
  const roots: StateRoots = {
    pages: pages.root,
    openPage: pages.openRoot,
    records: recountFacts(state, "records"),
    usage: recountFacts(state, "usage"),
    grants: recountMap(state, "grants"),
    keys: recountMap(state, "keys"),
    institutions: recountMap(state, "institutions"),
    params,
  };
  return { roots, fault: pages.fault ?? recountIndices(state) };
}

function recountPages(state: StateView): {
  root: Uint8Array;
  openRoot: Uint8Array;
  fault: string | undefined;
} {
  const log = new Frontier();
  let fault: string | undefined;
  let no = 0;
  for (const [, bytes] of state.range("page/")) {
    const page = storedPage.decode(bytes);
    const header: PageHeader = decodePageHeader(page.header);
    fault ??= faultOfPage(state, header, page, no);
    log.append(leafHash(pageHash(header)));
    no += 1;
  }
  const open = readOpenPage(state);
  fault ??= faultOfSlips(state, {
    page: open.no,
    leaves: split(open.leaves),
    slips: split(open.slips),
  });
  const leaves = split(open.leaves);
  return {
    root: sizedRoot(no, log.root()),
    openRoot: sizedRoot(leaves.length, rootOfLeafHashes(leaves)),
    fault,
  };
}

function faultOfPage(
  state: StateView,
  header: PageHeader,
  page: { leaves: Uint8Array; slips: Uint8Array },
  no: number,
): string | undefined {
  const leaves = split(page.leaves);
  if (header.no !== no || header.count !== leaves.length)
    return `page ${no} has another number or count`;
  if (!equalBytes(rootOfLeafHashes(leaves), header.merkleRoot))
    return `the leaves of page ${no} do not lead to its root`;
  return faultOfSlips(state, { page: no, leaves, slips: split(page.slips) });
}

function faultOfSlips(
  state: StateView,
  {
    page,
    leaves,
    slips,
  }: { page: number; leaves: readonly Uint8Array[]; slips: readonly Uint8Array[] },
): string | undefined {
  for (const [index, leaf] of leaves.entries()) {
    const bytes = state.get(stateKeys.slip(toHex(slips[index] ?? new Uint8Array(0))));
    if (bytes === undefined) return `slip ${index} of page ${page} is missing`;
    const stored = storedSlip.decode(bytes);
    const isSame =
      stored.page === page &&
      stored.index === index &&
      equalBytes(pageLeafHash(stored.bytes, stored.carrier), leaf);
    if (!isSame || decodeSlip(stored.bytes).id !== toHex(slips[index]!))
      return `slip ${index} of page ${page} is another than its leaf`;
  }
  return undefined;
}

function recountFacts(state: StateView, root: FactRoot): Uint8Array {
  const hash = createLtHash();
  for (const prefix of factPrefixes[root])
    for (const [key, value] of state.range(prefix)) hash.add(factItem(key, value));
  return hash.digest();
}

/** The map built from its entries as if they came all at once. */
function recountMap(state: StateView, map: MapName): Uint8Array {
  const entries = new Map(
    [...state.range(`${map}/`)].map(([key, value]) => [key.slice(map.length + 1), value] as const),
  );
  return updateSparseMap({ get: () => undefined }, map, entries, new Map());
}

function recountIndices(state: StateView): string | undefined {
  for (const prefix of indexPrefixes) {
    for (const [key, value] of state.range(prefix)) {
      const id = toHex(value);
      const isThere =
        state.get(stateKeys.slip(id)) !== undefined ||
        state.get(stateKeys.certificate(id)) !== undefined;
      if (!isThere) return `an entry under ${prefix} leads nowhere (${key.length} characters)`;
    }
  }
  return undefined;
}
