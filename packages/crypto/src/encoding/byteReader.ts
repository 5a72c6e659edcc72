import { concat } from "./bytes.ts";

/** Reads a stream of pieces of any size in runs of a wanted size. */
export class ByteReader {
  readonly #next: () => Promise<IteratorResult<Uint8Array, unknown>>;
  #pending: Uint8Array = new Uint8Array(0);
  #done = false;

  constructor(source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    if (Symbol.asyncIterator in source) {
      const iterator = source[Symbol.asyncIterator]();
      this.#next = () => iterator.next();
    } else {
      const iterator = source[Symbol.iterator]();
      this.#next = () => Promise.resolve(iterator.next());
    }
  }

  /** The next `length` bytes; fewer only where the stream ends. */
  async read(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0 && (await this.#fill())) {
      const part = this.#pending.subarray(0, missing);
      this.#pending = this.#pending.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : concat(...parts);
  }

  /** Whatever comes next, as it came; `undefined` at the end. For whoever needs no runs of a size, and no copies. */
  async piece(): Promise<Uint8Array | undefined> {
    if (!(await this.#fill())) return undefined;
    const piece = this.#pending;
    this.#pending = new Uint8Array(0);
    return piece;
  }

  /** Whether nothing is left. */
  async atEnd(): Promise<boolean> {
    return !(await this.#fill());
  }

  /** Makes sure that something is pending; `false` at the end. */
  async #fill(): Promise<boolean> {
    while (this.#pending.length === 0 && !this.#done) {
      const { value, done } = await this.#next();
      if (done === true) this.#done = true;
      else this.#pending = value;
    }
    return this.#pending.length > 0;
  }
}
