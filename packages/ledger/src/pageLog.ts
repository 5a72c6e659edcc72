import { concat, decodeCanonical, encodeCanonical } from "@anamnesis/crypto/verify";
import { InvariantError, leafHash, pageHash, sizedRoot, splitAt } from "@anamnesis/protocol";
import type { PageHeader } from "@anamnesis/protocol";
import { Frontier } from "./frontier.ts";
import type { Writes } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";
import type { Reader } from "./view.ts";

/** The RFC 6962 log of sealed pages: leaf data = page hash. Perfect subtrees are stored, so that a path reads O(log n). */
export interface PageLog {
  readonly frontier: Frontier;
  /** Hash of the newest page, 32 zero bytes before the first. */
  lastHash: Uint8Array;
}

export function readPageLog(state: Reader): PageLog {
  const bytes = state.get(stateKeys.pageLog);
  if (bytes === undefined) return { frontier: new Frontier(), lastHash: new Uint8Array(32) };
  const [count, lastHash, peaks] = decodeCanonical(bytes) as [number, Uint8Array, Uint8Array];
  return { frontier: new Frontier(count, peaks), lastHash };
}

export function appendPage(log: PageLog, header: PageHeader, writes: Writes): void {
  const hash = pageHash(header);
  log.frontier.append(leafHash(hash), (level, index, node) =>
    writes.set(stateKeys.logNode(level, index), encodeCanonical(node)),
  );
  log.lastHash = hash;
  writes.set(stateKeys.pageLog, encodeCanonical([log.frontier.count, hash, log.frontier.bytes()]));
}

export const pageLogRoot = (log: PageLog): Uint8Array =>
  sizedRoot(log.frontier.count, log.frontier.root());

/** Audit path of page `no` among the first `count`, nearest sibling first (RFC 6962 2.1.1). */
export function pageLogPath(state: Reader, no: number, count: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let start = 0;
  let end = count;
  while (end - start > 1) {
    const middle = start + splitAt(end - start);
    if (no < middle) {
      path.unshift(subtree(state, middle, end));
      end = middle;
    } else {
      path.unshift(subtree(state, start, middle));
      start = middle;
    }
  }
  return path;
}

/** Root over pages start…end-1: stored where it is perfect, else folded from the stored ones it is made of. */
function subtree(state: Reader, start: number, end: number): Uint8Array {
  const peaks: Uint8Array[] = [];
  let from = start;
  while (from < end) {
    const size = end - from === 1 ? 1 : splitAt(end - from + 1);
    peaks.push(storedNode(state, size, from));
    from += size;
  }
  return new Frontier(end - start, concat(...peaks)).root();
}

function storedNode(state: Reader, size: number, start: number): Uint8Array {
  let level = 0;
  for (let s = size; s > 1; s /= 2) level += 1;
  const bytes = state.get(stateKeys.logNode(level, start / size));
  if (bytes === undefined)
    throw new InvariantError(`page log lacks the subtree of ${size} pages from ${start} on`);
  return decodeCanonical(bytes) as Uint8Array;
}
