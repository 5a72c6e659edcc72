import { concat, equalBytes } from "@anamnesis/crypto/verify";
import {
  decodePageHeader,
  decodeSlip,
  leafHash,
  pageHash,
  pageLeafHash,
  rootOfLeafHashes,
  sizedRoot,
} from "@anamnesis/protocol";
import type { StateRoots } from "@anamnesis/protocol";
import { placeCheck } from "./codecs.ts";
import type { Findings } from "./findings.ts";
import { Frontier } from "./frontier.ts";
import { hexKey } from "./keys.ts";
import { readPageLog } from "./pageLog.ts";
import { readOpenPage, split } from "./pages.ts";
import { indexEntriesOf } from "./placeSlip.ts";
import { allRows, rows, rowsUnder } from "./rows.ts";
import type { StateView } from "./state.ts";
import { perfectSubtrees } from "./subtrees.ts";
import { LedgerView, readRow } from "./view.ts";

/** What is counted on the way through the slips, to be compared with how many entries there are. */
interface Counts {
  slips: number;
  /** Entries of all indices that the slips leave. */
  index: number;
}

/** Every page against its slips, every slip against its leaf and its index entries, the page log against the pages. */
export function recountPages(
  state: StateView,
  findings: Findings,
): Pick<StateRoots, "pages" | "openPage"> {
  const counts: Counts = { slips: 0, index: 0 };
  const log = new Frontier();
  let logNodes = 0;
  let prevHash: Uint8Array = new Uint8Array(32);
  for (const [key, bytes] of state.range(rows.page.prefix)) {
    const no = log.count;
    const page = rows.page.decode(bytes);
    const header = decodePageHeader(page.header);
    const leaves = split(page.tree.subarray(0, 32 * header.count));
    if (
      key !== rows.page.key(no) ||
      header.no !== no ||
      page.first !== counts.slips ||
      leaves.length !== header.count ||
      !equalBytes(header.prevHash, prevHash)
    )
      findings.blame(`page ${no} does not follow the one before`);
    if (!equalBytes(rootOfLeafHashes(leaves), header.merkleRoot))
      findings.blame(`the leaves of page ${no} do not lead to its root`);
    if (!equalBytes(perfectSubtrees(leaves), page.tree))
      findings.blame(`the tree of page ${no} is not that of its leaves`);
    recountSlips(state, { page: no, leaves, counts }, findings);
    prevHash = pageHash(header);
    log.append(leafHash(prevHash), (level, index, hash) => {
      logNodes += 1;
      const kept = state.get(rows.logNode.key(level, index));
      if (kept === undefined || !equalBytes(kept, hash))
        findings.blame(`the page log's subtree ${level}/${index} is another`);
    });
  }
  const kept = readPageLog(state);
  if (
    kept.frontier.count !== log.count ||
    !equalBytes(kept.lastHash, prevHash) ||
    !equalBytes(kept.frontier.bytes(), log.bytes())
  )
    findings.blame("the page log's edge is not that of its pages");
  const openPage = recountOpenPage(state, { no: log.count, counts }, findings);
  countEntries(state, { ...counts, logNodes }, findings);
  return { pages: sizedRoot(log.count, log.root()), openPage };
}

function recountOpenPage(
  state: StateView,
  { no, counts }: { no: number; counts: Counts },
  findings: Findings,
): Uint8Array {
  const open = readOpenPage(state);
  const leaves = split(open.leaves);
  const first = readRow(state, rows.slip, rows.slip.key(counts.slips));
  recountSlips(state, { page: open.no, leaves, counts }, findings);
  const edge = new Frontier();
  for (const leaf of leaves) edge.append(leaf);
  const wanted = rows.openPage.encode({
    no,
    sequence: counts.slips,
    openedAt: first?.time ?? 0,
    leaves: concat(...leaves),
    peaks: edge.bytes(),
  });
  // By bytes: where there is nothing, empty text would pass for empty bytes.
  if (!equalBytes(state.get(rows.openPage.key()) ?? rows.openPage.encode(open), wanted))
    findings.blame("the open page's edge is not that of its slips");
  return sizedRoot(leaves.length, edge.root());
}

/** The slips that follow those counted so far, against the leaves of their page. */
function recountSlips(
  state: StateView,
  { page, leaves, counts }: { page: number; leaves: readonly Uint8Array[]; counts: Counts },
  findings: Findings,
): void {
  const view = new LedgerView(state);
  for (const [index, leaf] of leaves.entries()) {
    const sequence = counts.slips;
    counts.slips += 1;
    const stored = readRow(state, rows.slip, rows.slip.key(sequence));
    if (stored === undefined) {
      findings.blame(`slip ${index} of page ${page} is missing`);
      continue;
    }
    if (!equalBytes(stored.check, placeCheck(stored.height, stored.time)))
      findings.blame(`height and time of slip ${index} of page ${page} are others`);
    const isSame =
      stored.page === page &&
      stored.index === index &&
      equalBytes(pageLeafHash(stored.bytes, stored.carrier), leaf);
    if (!isSame) findings.blame(`slip ${index} of page ${page} is another than its leaf`);
    const slip = decodeSlip(stored.bytes);
    const found = readRow(state, rows.slipId, rows.slipId.prefix + hexKey(slip.id));
    if (found !== sequence)
      findings.blame(`the id of slip ${index} of page ${page} leads elsewhere`);
    for (const key of indexEntriesOf(slip, sequence, view)) {
      const value = state.get(key);
      if (value?.length !== 0)
        findings.blame(
          `an index entry of a ${slip.kind} ${value === undefined ? "is missing" : "holds a value"}`,
        );
      counts.index += 1;
    }
  }
}

/** No slip, id, index entry or subtree is too many, and no entry is of no row. */
function countEntries(
  state: StateView,
  { slips, index, logNodes }: Counts & { readonly logNodes: number },
  findings: Findings,
): void {
  const wanted = new Map([
    [rows.slip.prefix, slips],
    [rows.slipId.prefix, slips],
    [rows.logNode.prefix, logNodes],
  ]);
  const indices = rowsUnder("index").filter((row) => row.prefix !== rows.slipId.prefix);
  let found = 0;
  for (const { prefix } of indices) found += countUnder(state, prefix);
  if (found !== index) findings.blame(`${found} index entries, want ${index}`);
  for (const [prefix, want] of wanted) {
    const count = countUnder(state, prefix);
    if (count !== want) findings.blame(`${count} slips, ids or subtrees, want ${want}`);
  }
  const known = new Set(allRows.map(({ prefix }) => prefix));
  for (let table = 0; table < 256; table += 1) {
    const prefix = String.fromCharCode(table);
    if (known.has(prefix)) continue;
    for (const _ of state.range(prefix, { limit: 1 })) findings.blame("an entry belongs to no row");
  }
}

function countUnder(state: StateView, prefix: string): number {
  let count = 0;
  for (const _ of state.range(prefix)) {
    count += 1;
  }
  return count;
}
