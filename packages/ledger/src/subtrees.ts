import { concat } from "@anamnesis/crypto/verify";
import { InvariantError, nodeHash, splitAt } from "@anamnesis/protocol";
import { Frontier } from "./frontier.ts";

/**
 * Inclusion paths of RFC 6962 trees whose perfect subtrees are at hand: a subtree of level l and index i covers the 2^l
 * leaves from i * 2^l on. A path then reads O(log n) hashes and computes hardly any.
 */
export type ReadSubtree = (level: number, index: number) => Uint8Array;

/** Audit path of leaf `index` among `count`, nearest sibling first (RFC 6962 2.1.1). */
export function pathFromSubtrees(read: ReadSubtree, index: number, count: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let start = 0;
  let end = count;
  while (end - start > 1) {
    const middle = start + splitAt(end - start);
    if (index < middle) {
      path.unshift(subtreeRoot(read, middle, end));
      end = middle;
    } else {
      path.unshift(subtreeRoot(read, start, middle));
      start = middle;
    }
  }
  return path;
}

/** Root over leaves start…end-1: read where it is perfect, else folded from the perfect ones that it is made of. */
function subtreeRoot(read: ReadSubtree, start: number, end: number): Uint8Array {
  const peaks: Uint8Array[] = [];
  for (let from = start; from < end;) {
    const size = end - from === 1 ? 1 : splitAt(end - from + 1);
    let level = 0;
    for (let s = size; s > 1; s /= 2) level += 1;
    peaks.push(read(level, from / size));
    from += size;
  }
  return peaks.reduceRight((right, left) => nodeHash(left, right));
}

/** Every perfect subtree of a tree: level by level from the leaves up, 32 bytes each. */
export function perfectSubtrees(leaves: readonly Uint8Array[]): Uint8Array {
  const levels: Uint8Array[][] = [];
  const frontier = new Frontier();
  for (const leaf of leaves) {
    frontier.append(leaf, (level, _index, hash) => {
      (levels[level] ??= []).push(hash);
    });
  }
  return concat(...levels.flat());
}

/** Reads what {@link perfectSubtrees} gave for `count` leaves: level l has floor(count / 2^l) of them. */
export const readSubtrees =
  (tree: Uint8Array, count: number): ReadSubtree =>
  (level, index) => {
    let before = 0;
    for (let l = 0; l < level; l += 1) before += count >> l;
    const at = 32 * (before + index);
    const hash = tree.subarray(at, at + 32);
    if (hash.length !== 32)
      throw new InvariantError(`a stored tree lacks the subtree ${level}/${index}`);
    return hash;
  };
