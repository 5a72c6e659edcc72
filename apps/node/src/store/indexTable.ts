import { NUMBER_BYTES, numberAt, numberKey } from "@anamnesis/ledger";

export type Entry = readonly [key: string, value: Uint8Array];

/** Where a range begins, and which way it goes; as in `StateView.range`. */
export interface From {
  readonly after?: string | undefined;
  readonly reverse?: boolean | undefined;
}

const noValue = new Uint8Array(0);

/**
 * Entries of one index in memory: its keys begin with the same byte. An entry has a value, or none and a key that ends with
 * the sequence of a slip; those under one key come by ascending sequence.
 */
export class IndexTable {
  readonly #valued = new Map<string, Uint8Array>();
  /** Sequences by the key without its sequence. */
  readonly #lists = new Map<string, number[]>();
  /** Code units of the longest key of those two: nothing lies under a prefix that is longer. */
  #longest = 0;

  copy(): IndexTable {
    const copy = new IndexTable();
    for (const [key, value] of this.#valued) copy.#valued.set(key, value);
    for (const [head, list] of this.#lists) copy.#lists.set(head, [...list]);
    copy.#longest = this.#longest;
    return copy;
  }

  get(key: string): Uint8Array | undefined {
    const value = this.#valued.get(key);
    if (value !== undefined) return value;
    const list = this.#lists.get(headOf(key)) ?? [];
    const sequence = sequenceOf(key);
    return list[firstFrom(list, sequence)] === sequence ? noValue : undefined;
  }

  add([key, value]: Entry): void {
    if (value.length > 0) {
      this.#valued.set(key, value);
      this.#longest = Math.max(this.#longest, key.length);
      return;
    }
    const head = headOf(key);
    const list = this.#lists.get(head);
    if (list !== undefined) {
      list.push(sequenceOf(key));
      return;
    }
    this.#lists.set(head, [sequenceOf(key)]);
    this.#longest = Math.max(this.#longest, head.length);
  }

  /** Of the entries under one key, the oldest go first. */
  delete([key, value]: Entry): void {
    if (value.length > 0) {
      this.#valued.delete(key);
      return;
    }
    const head = headOf(key);
    const list = this.#lists.get(head) ?? [];
    list.shift();
    if (list.length === 0) this.#lists.delete(head);
  }

  /** In key order, or backwards. To be read before an entry comes or goes. */
  range(prefix: string, from: From = {}): Iterable<Entry> {
    const list = this.#lists.get(prefix);
    if (list !== undefined) return entriesOf(prefix, list, from);
    if (prefix.length > 1 && prefix.length >= this.#longest) return [];
    const { after, reverse = false } = from;
    const entries = [...this.sorted()].filter(
      ([key]) =>
        key.startsWith(prefix) && (after === undefined || (reverse ? key < after : key > after)),
    );
    return reverse ? entries.toReversed() : entries;
  }

  /**
   * Every entry in key order, as they are when the first is taken. What follows a key's first byte is a hash in every index that
   * grows long: so they are parted by their second byte, and each part is put in order when its turn comes.
   */
  *sorted(): Generator<Entry> {
    const parts = new Map<string, Entry[]>();
    for (const entry of this.#entries()) {
      const name = entry[0].slice(1, 2);
      const part = parts.get(name);
      if (part === undefined) parts.set(name, [entry]);
      else part.push(entry);
    }
    for (const name of [...parts.keys()].toSorted())
      yield* parts.get(name)!.sort(([left], [right]) => (left < right ? -1 : 1));
  }

  *#entries(): Generator<Entry> {
    yield* this.#valued;
    for (const [head, list] of this.#lists) yield* entriesOf(head, list, {});
  }
}

const headOf = (key: string): string => key.slice(0, -NUMBER_BYTES);
const sequenceOf = (key: string): number => numberAt(key, key.length - NUMBER_BYTES);

function* entriesOf(
  head: string,
  list: readonly number[],
  { after, reverse = false }: From,
): Iterable<Entry> {
  const start = after === undefined ? undefined : sequenceOf(after);
  const entryAt = (at: number): Entry => [head + numberKey(list[at]!), noValue];
  if (reverse) {
    const end = start === undefined ? list.length : firstFrom(list, start);
    for (let at = end - 1; at >= 0; at -= 1) yield entryAt(at);
  } else {
    const begin = start === undefined ? 0 : firstFrom(list, start + 1);
    for (let at = begin; at < list.length; at += 1) yield entryAt(at);
  }
}

/** Place of the first number that is not below `least` in ascending ones. */
function firstFrom(list: readonly number[], least: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle]! < least) low = middle + 1;
    else high = middle;
  }
  return low;
}
