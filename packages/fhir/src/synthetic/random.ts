/** A small seeded generator: the same seed gives the same patient on every machine. Never for keys. */
export class Random {
  private state: number;

  /** @param seed - Any integer; its low 32 bits count. */
  constructor(seed: number) {
    this.state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x5bd1e995;
  }

  /** The next 32 bits (splitmix32). */
  private next(): number {
    this.state = (this.state + 0x9e3779b9) | 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** An integer from `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return least + (this.next() % (most - least + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)] as T;
  }

  /** `count` different items, in the order of the list. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = [...list.keys()];
    const taken: number[] = [];
    while (taken.length < count && left.length > 0)
      taken.push(...left.splice(this.integer(0, left.length - 1), 1));
    return taken.sort((a, b) => a - b).map((place) => list[place] as T);
  }

  /** A decimal with `digits` places between two bounds given in its last place: `decimal(350, 510, 2)` may be `5.10`. */
  decimal(least: number, most: number, digits: number): string {
    const value = this.integer(least, most)
      .toString()
      .padStart(digits + 1, "0");
    return digits === 0 ? value : `${value.slice(0, -digits)}.${value.slice(-digits)}`;
  }
}
