import type { StateView, Writes } from "./state.ts";

/** A state in memory: for tests, simulation and whoever replays a chain without a disk. */
export class MemoryState implements StateView {
  readonly #entries = new Map<string, Uint8Array>();
  /** Keys in order; made anew when a range is asked for after keys came or went. */
  #sorted: string[] | undefined;

  /** @param entries - In any order: what a copy or a snapshot held. */
  constructor(entries: Iterable<readonly [string, Uint8Array]> = []) {
    for (const [key, value] of entries) this.#entries.set(key, value);
  }

  get(key: string): Uint8Array | undefined {
    return this.#entries.get(key);
  }

  *range(
    prefix: string,
    options: { readonly after?: string; readonly reverse?: boolean; readonly limit?: number } = {},
  ): Iterable<readonly [string, Uint8Array]> {
    const { after, reverse = false, limit = Infinity } = options;
    this.#sorted ??= [...this.#entries.keys()].toSorted((left, right) => (left < right ? -1 : 1));
    const keys = this.#sorted.slice(
      lowerBound(this.#sorted, prefix),
      lowerBound(this.#sorted, `${prefix}\uffff`),
    );
    let left = limit;
    for (const key of reverse ? keys.reverse() : keys) {
      if (left <= 0) return;
      if (after !== undefined && (reverse ? key >= after : key <= after)) continue;
      left -= 1;
      yield [key, this.#entries.get(key) ?? new Uint8Array(0)];
    }
  }

  /** Applies what a block changed. */
  commit(writes: Writes): void {
    for (const [key, value] of writes) {
      if (value === undefined || !this.#entries.has(key)) this.#sorted = undefined;
      if (value === undefined) this.#entries.delete(key);
      else this.#entries.set(key, value);
    }
  }
}

/** Index of the first key that is not below `bound`. */
function lowerBound(keys: readonly string[], bound: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
