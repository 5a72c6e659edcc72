import { InvariantError, leafHash, pageHash, sizedRoot } from "@anamnesis/protocol";
import type { PageHeader } from "@anamnesis/protocol";
import { Frontier } from "./frontier.ts";
import type { Writes } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";
import { decodeStored, encodeStored } from "./stored.ts";
import { pathFromSubtrees } from "./subtrees.ts";
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
  const [count, lastHash, peaks] = decodeStored<[number, Uint8Array, Uint8Array]>(bytes);
  return { frontier: new Frontier(count, peaks), lastHash };
}

export function appendPage(log: PageLog, header: PageHeader, writes: Writes): void {
  const hash = pageHash(header);
  log.frontier.append(leafHash(hash), (level, index, node) =>
    writes.set(stateKeys.logNode(level, index), encodeStored(node)),
  );
  log.lastHash = hash;
  writes.set(stateKeys.pageLog, encodeStored(log.frontier.count, hash, log.frontier.bytes()));
}

export const pageLogRoot = (log: PageLog): Uint8Array =>
  sizedRoot(log.frontier.count, log.frontier.root());

/** Audit path of page `no` among the first `count`, nearest sibling first (RFC 6962 2.1.1). */
export const pageLogPath = (state: Reader, no: number, count: number): Uint8Array[] =>
  pathFromSubtrees(
    (level, index) => {
      const bytes = state.get(stateKeys.logNode(level, index));
      if (bytes === undefined)
        throw new InvariantError(`page log lacks the subtree ${level}/${index}`);
      return decodeStored<[Uint8Array]>(bytes)[0];
    },
    no,
    count,
  );
