import { Turns } from "../turns.ts";
import { IndexTable } from "./indexTable.ts";
import type { Entry, From } from "./indexTable.ts";

/** What goes into the file with a commit. */
export interface Leaving {
  readonly entries: readonly Entry[];
  /** With these, every entry of so many slips, from the first on, is in the file; absent while that number stays. */
  readonly indexed?: number;
}

/** How much waits, and how fast it leaves. */
export interface TailSize {
  /** Slips whose entries wait until they begin to leave; half as many more come before the last of those has left. */
  readonly slips: number;
  /** Entries that leave with a commit beside two for each that it brings. */
  readonly least: number;
}
const usual: TailSize = { slips: 16_384, least: 256 };
const PACE = 2;
const none: Leaving = { entries: [] };

/**
 * The newest entries of the state's indices (ids of slips, and what leads to slips), which are not in the file yet. They lie
 * where hashes put them, so nearly each would have a page of the file written for it. They follow from slips, which are in
 * the file; so they wait here and leave in key order, many to a page. After a restart the slips give back what had not left.
 */
export class IndexTail {
  readonly #size: TailSize;
  /** By the first byte of their keys. */
  readonly #tables = new Map<string, IndexTable>();
  /** What leaves bit by bit, in key order; absent while nothing does. */
  #leaving: Iterator<Entry> | undefined;
  /** What is to leave next: given by {@link leave} until it {@link left}. */
  #next: Leaving | undefined;
  /** How many slips are indexed in the file once all that is leaving has left. */
  #through: number;

  /** @param indexed - How many slips have every entry in the file. */
  constructor(indexed: number, size: TailSize = usual) {
    this.#through = indexed;
    this.#size = size;
  }

  get(key: string): Uint8Array | undefined {
    return this.#tables.get(key.slice(0, 1))?.get(key);
  }

  add(entry: Entry): void {
    const name = entry[0].slice(0, 1);
    let table = this.#tables.get(name);
    if (table === undefined) this.#tables.set(name, (table = new IndexTable()));
    table.add(entry);
  }

  /** In key order, or backwards. To be read before an entry comes or leaves. */
  *range(prefix: string, from: From = {}): Iterable<Entry> {
    const names = prefix === "" ? this.#names() : [prefix.slice(0, 1)];
    for (const name of from.reverse === true ? names.toReversed() : names)
      yield* this.#tables.get(name)?.range(prefix, from) ?? [];
  }

  #names(): string[] {
    return [...this.#tables.keys()].toSorted();
  }

  /** Every entry in key order; each table as it is when its turn comes. */
  *#sorted(): Generator<Entry> {
    for (const name of this.#names()) yield* this.#tables.get(name)!.sorted();
  }

  /** Every entry in key order, as they are now; put in order in turns, while this goes on. */
  async entries(): Promise<Entry[]> {
    const turns = new Turns();
    const now = new IndexTail(this.#through, this.#size);
    for (const [name, table] of this.#tables) now.#tables.set(name, table.copy());
    await turns.giveWay();
    const entries: Entry[] = [];
    for (const entry of now.#sorted()) {
      entries.push(entry);
      await turns.giveWay();
    }
    return entries;
  }

  /**
   * What is to go into the file with the next commit. It stays here, and is given again, until it {@link left}.
   * @param arriving - How many entries that commit brings.
   * @param slips - How many slips stand before it.
   */
  leave(arriving: number, slips: number): Leaving {
    if (this.#next !== undefined) return this.#next;
    if (this.#leaving === undefined) {
      if (slips - this.#through < this.#size.slips) return none;
      this.#leaving = this.#sorted();
      this.#through = slips;
    }
    const entries: Entry[] = [];
    const most = arriving * PACE + this.#size.least;
    for (let next = this.#leaving.next(); next.done !== true; next = this.#leaving.next()) {
      entries.push(next.value);
      if (entries.length === most) return (this.#next = { entries });
    }
    return (this.#next = { entries, indexed: this.#through });
  }

  /** What {@link leave} gave last is in the file. */
  left(): void {
    const { entries, indexed } = this.#next ?? none;
    for (const entry of entries) this.#tables.get(entry[0].slice(0, 1))?.delete(entry);
    if (indexed !== undefined) this.#leaving = undefined;
    this.#next = undefined;
  }
}
