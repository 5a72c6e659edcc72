import type { CborValue } from "./cbor.ts";

/**
 * A quick way through deterministic CBOR (RFC 8949 4.2.1). It reads each byte once and asks for the one form as it goes, so
 * nothing is coded again to compare.
 *
 * It accepts less than `decodeCanonical` and never anything else: `undefined` says "not here", and the general decoder
 * judges, and names what is wrong. A test holds the two against each other.
 *
 * @param views - Long byte strings are views of `bytes`, see {@link decodeCanonical}.
 */
export function readQuickly(bytes: Uint8Array, views = false): CborValue | undefined {
  try {
    const reader = new Reader(bytes, views);
    const value = reader.item(0);
    return reader.atEnd ? value : undefined;
  } catch (error) {
    if (error === elsewhere || error instanceof TypeError) return undefined; // TypeError: not UTF-8.
    throw error;
  }
}

/** Thrown for what is left to the general decoder; one object, since a stack would cost more than all the reading. */
const elsewhere = new Error("Left to the general decoder");

const MAJOR = { uint: 0, bytes: 2, text: 3, array: 4, map: 5, simple: 7 } as const;
const SIMPLE = new Map<number, CborValue>([
  [20, false],
  [21, true],
  [22, null],
]);
/** Deepest nesting that is read here. */
const DEPTH_MAX = 8;
/** Shorter byte strings are copied even where views are asked for: an engine keeps those in its own heap. */
const VIEW_BYTES = 64;
/** Longest key: its length and order are those of its characters, which are ASCII. */
const KEY_BYTES_MAX = 23;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class Reader {
  readonly #bytes: Uint8Array;
  readonly #views: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, views: boolean) {
    this.#bytes = bytes;
    this.#views = views;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  item(depth: number): CborValue {
    if (depth > DEPTH_MAX) throw elsewhere;
    switch ((this.#bytes[this.#at] ?? 0xff) >> 5) {
      case MAJOR.uint:
        return this.#argument();
      case MAJOR.bytes:
        return this.#take(this.#argument());
      case MAJOR.text:
        return this.#text(this.#take(this.#argument()));
      case MAJOR.array:
        return this.#array(this.#count(), depth);
      case MAJOR.map:
        return this.#map(this.#count(), depth);
      case MAJOR.simple: {
        const value = SIMPLE.get(this.#byte() & 31);
        if (value === undefined) throw elsewhere;
        return value;
      }
      default:
        throw elsewhere;
    }
  }

  #array(count: number, depth: number): CborValue[] {
    const list: CborValue[] = [];
    for (let i = 0; i < count; i += 1) list.push(this.item(depth + 1));
    return list;
  }

  #map(count: number, depth: number): Record<string, CborValue> {
    const map: Record<string, CborValue> = {};
    let previous = "";
    for (let i = 0; i < count; i += 1) {
      const key = this.#key();
      const isAfter =
        key.length === previous.length ? key > previous : key.length > previous.length;
      if (!isAfter || key === "__proto__") throw elsewhere;
      map[key] = this.item(depth + 1);
      previous = key;
    }
    return map;
  }

  #key(): string {
    const first = this.#byte();
    if (first >> 5 !== MAJOR.text || (first & 31) > KEY_BYTES_MAX) throw elsewhere;
    const end = this.#at + (first & 31);
    if (end > this.#bytes.length) throw elsewhere;
    let key = "";
    for (; this.#at < end; this.#at += 1) {
      const byte = this.#bytes[this.#at]!;
      if (byte > 0x7e || byte < 0x20) throw elsewhere;
      key += String.fromCharCode(byte);
    }
    return key;
  }

  /** A count that the bytes could hold, so that a lie about it allocates nothing. */
  #count(): number {
    const count = this.#argument();
    if (count > this.#bytes.length - this.#at) throw elsewhere;
    return count;
  }

  /** The argument of the item here: shortest form, at most 2^53 - 1. */
  #argument(): number {
    const minor = this.#byte() & 31;
    if (minor < 24) return minor;
    if (minor > 27) throw elsewhere;
    const length = 1 << (minor - 24);
    let value = 0;
    for (let i = 0; i < length; i += 1) value = value * 256 + this.#byte();
    const isShortest = length === 1 ? value >= 24 : value >= 2 ** (4 * length);
    if (!isShortest || !Number.isSafeInteger(value)) throw elsewhere;
    return value;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw elsewhere;
    const isView = this.#views && length > VIEW_BYTES;
    const taken = isView ? this.#bytes.subarray(this.#at, end) : this.#bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  #text(encoded: Uint8Array): string {
    for (let i = 0; i < encoded.length; i += 1)
      if (encoded[i]! > 127) return this.#unicode(encoded);
    let text = "";
    for (let i = 0; i < encoded.length; i += 1) text += String.fromCharCode(encoded[i]!);
    return text;
  }

  #unicode(encoded: Uint8Array): string {
    const text = decoder.decode(encoded);
    if (text.startsWith("\uFEFF")) throw elsewhere;
    return text;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw elsewhere;
    this.#at += 1;
    return byte;
  }
}
