import { InvariantError, leafHash, pageHash, sizedRoot } from "@anamnesis/protocol";
import type { PageHeader } from "@anamnesis/protocol";
import { Frontier } from "./frontier.ts";
import type { Writes } from "./state.ts";
import { rows } from "./rows.ts";
import { pathFromSubtrees } from "./subtrees.ts";
import { readRow } from "./view.ts";
import type { Reader } from "./view.ts";

/** The RFC 6962 log of sealed pages: leaf data = page hash. Perfect subtrees are stored, so that a path reads O(log n). */
export interface PageLog {
  readonly frontier: Frontier;
  /** Hash of the newest page, 32 zero bytes before the first. */
  lastHash: Uint8Array;
}

export function readPageLog(state: Reader): PageLog {
  const kept = readRow(state, rows.pageLog, rows.pageLog.key());
  return kept === undefined
    ? { frontier: new Frontier(), lastHash: new Uint8Array(32) }
    : { frontier: new Frontier(kept.count, kept.peaks), lastHash: kept.lastHash };
}

export function appendPage(log: PageLog, header: PageHeader, writes: Writes): void {
  const hash = pageHash(header);
  log.frontier.append(leafHash(hash), (level, index, node) =>
    writes.set(rows.logNode.key(level, index), node),
  );
  log.lastHash = hash;
  const { count } = log.frontier;
  const edge = { count, lastHash: hash, peaks: log.frontier.bytes() };
  writes.set(rows.pageLog.key(), rows.pageLog.encode(edge));
}

export const pageLogRoot = (log: PageLog): Uint8Array =>
  sizedRoot(log.frontier.count, log.frontier.root());

/** Audit path of page `no` among the first `count`, nearest sibling first (RFC 6962 2.1.1). */
export const pageLogPath = (state: Reader, no: number, count: number): Uint8Array[] =>
  pathFromSubtrees(
    (level, index) => {
      const node = state.get(rows.logNode.key(level, index));
      if (node === undefined)
        throw new InvariantError(`page log lacks the subtree ${level}/${index}`);
      return node;
    },
    no,
    count,
  );
