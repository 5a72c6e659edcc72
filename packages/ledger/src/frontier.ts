import { emptyRoot, nodeHash } from "@anamnesis/protocol";

/**
 * The growing edge of an RFC 6962 tree: the roots of its perfect subtrees, largest first, one for each one-bit of the
 * count. Appending a leaf costs one hash on average, the root one for each subtree.
 */
export class Frontier {
  #count: number;
  readonly #peaks: Uint8Array[];

  /** @param peaks - What {@link bytes} gave: 32 bytes for each one-bit of `count`. */
  constructor(count = 0, peaks: Uint8Array = new Uint8Array(0)) {
    this.#count = count;
    this.#peaks = Array.from({ length: peaks.length / 32 }, (_, i) =>
      peaks.subarray(32 * i, 32 * i + 32),
    );
  }

  get count(): number {
    return this.#count;
  }

  /** @param onSubtree - Told of each perfect subtree that this leaf completes: it covers 2^level leaves from index * 2^level on. */
  append(
    leaf: Uint8Array,
    onSubtree?: (level: number, index: number, hash: Uint8Array) => void,
  ): void {
    let hash = leaf;
    let index = this.#count;
    let level = 0;
    onSubtree?.(level, index, hash);
    while (index % 2 === 1) {
      const left = this.#peaks.pop();
      if (left === undefined)
        throw new RangeError("Frontier has fewer subtrees than its count says");
      hash = nodeHash(left, hash);
      index = (index - 1) / 2;
      level += 1;
      onSubtree?.(level, index, hash);
    }
    this.#peaks.push(hash);
    this.#count += 1;
  }

  /** RFC 6962 root. */
  root(): Uint8Array {
    return this.#peaks.length === 0
      ? emptyRoot
      : this.#peaks.reduceRight((right, left) => nodeHash(left, right));
  }

  bytes(): Uint8Array {
    const out = new Uint8Array(32 * this.#peaks.length);
    this.#peaks.forEach((peak, i) => out.set(peak, 32 * i));
    return out;
  }
}
