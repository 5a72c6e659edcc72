import { equalBytes, i2osp, sha256 } from "@anamnesis/crypto/verify";

/**
 * RFC 6962 (section 2.1) Merkle trees: leaf = SHA-256(0x00 || data), node = SHA-256(0x01 || left || right), the left
 * subtree holds the largest power of two smaller than the count. The empty root is SHA-256 of nothing.
 */

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
const sizedPrefix = Uint8Array.of(2);

/** SHA-256(0x00 || data), 32 bytes. */
export const leafHash = (data: Uint8Array): Uint8Array => sha256(leafPrefix, data);

/** SHA-256(0x01 || left || right), 32 bytes each. */
export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(nodePrefix, left, right);

export const emptyRoot = sha256(new Uint8Array(0));

/**
 * What the app hash holds of a growing tree: SHA-256(0x02 || I2OSP(count, 8) || root). An RFC 6962 root alone leaves the
 * count open (a path may fit several); RFC 6962 signs the count in its tree heads for the same reason.
 */
export const sizedRoot = (count: number, root: Uint8Array): Uint8Array =>
  sha256(sizedPrefix, i2osp(count, 8), root);

/** Largest power of two strictly below `count` (count ≥ 2). */
export function splitAt(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

/** Root over leaf hashes, in order. */
export function rootOfLeafHashes(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? emptyRoot : subtree(hashes, 0, hashes.length);
}

function subtree(hashes: readonly Uint8Array[], start: number, end: number): Uint8Array {
  if (end - start === 1) return hashes[start]!;
  const middle = start + splitAt(end - start);
  return nodeHash(subtree(hashes, start, middle), subtree(hashes, middle, end));
}

/** Audit path of leaf `index`, nearest sibling first (RFC 6962 2.1.1). */
export function inclusionPath(hashes: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let start = 0;
  let end = hashes.length;
  while (end - start > 1) {
    const middle = start + splitAt(end - start);
    if (index < middle) {
      path.unshift(subtree(hashes, middle, end));
      end = middle;
    } else {
      path.unshift(subtree(hashes, start, middle));
      start = middle;
    }
  }
  return path;
}

/** Root that leaf `index` of `count` and its audit path lead to; `undefined` if the path does not fit. RFC 9162 2.1.3.2. */
export function rootFromPath(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count)
    return undefined;
  let node = index;
  let last = count - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0 || sibling.length !== 32) return undefined;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : undefined;
}

/** Does leaf hash `leaf` stand at `index` of `count` under `root`? */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const computed = rootFromPath(leaf, index, count, path);
  return computed !== undefined && equalBytes(computed, root);
}

/** Does leaf hash `leaf` stand at `index` of `count` under the commitment of {@link sizedRoot}? */
export function verifySizedInclusion(
  leaf: Uint8Array,
  index: number,
  count: number,
  path: readonly Uint8Array[],
  commitment: Uint8Array,
): boolean {
  const computed = rootFromPath(leaf, index, count, path);
  return computed !== undefined && equalBytes(sizedRoot(count, computed), commitment);
}
