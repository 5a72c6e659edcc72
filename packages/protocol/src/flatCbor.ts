/**
 * A quick way through the canonical CBOR that slips are made of: maps of texts to whole numbers, texts, byte strings and
 * lists of whole numbers. It reads each byte once and asks for the one deterministic form (RFC 8949 4.2) as it goes, so
 * nothing is coded again to compare.
 *
 * It accepts less than `decodeCanonical` and never anything else: `undefined` says "not here", and the general decoder
 * judges. A test holds the two against each other.
 */

const UINT = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class NotFlat extends Error {}

class Cursor {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  get major(): number {
    return (this.#bytes[this.#at] ?? 0xff) >> 5;
  }

  /** The argument of the item here: shortest form, at most 2^53 - 1. */
  head(major: number): number {
    const first = this.#byte();
    if (first >> 5 !== major) throw new NotFlat();
    const minor = first & 31;
    if (minor < 24) return minor;
    if (minor > 27) throw new NotFlat();
    const length = 1 << (minor - 24);
    let value = 0;
    for (let i = 0; i < length; i += 1) value = value * 256 + this.#byte();
    const shortest = length === 1 ? value >= 24 : value >= 2 ** (4 * length);
    if (!shortest || !Number.isSafeInteger(value)) throw new NotFlat();
    return value;
  }

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new NotFlat();
    const taken = this.#bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  text(): string {
    const encoded = this.take(this.head(TEXT));
    let ascii = "";
    for (const byte of encoded) {
      if (byte > 127) return this.#unicode(encoded);
      ascii += String.fromCharCode(byte);
    }
    return ascii;
  }

  #unicode(encoded: Uint8Array): string {
    const text = decoder.decode(encoded);
    if (text.startsWith("\uFEFF")) throw new NotFlat();
    return text;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new NotFlat();
    this.#at += 1;
    return byte;
  }
}

const flat = <T>(bytes: Uint8Array, read: (cursor: Cursor) => T): T | undefined => {
  try {
    const cursor = new Cursor(bytes);
    const value = read(cursor);
    return cursor.atEnd ? value : undefined;
  } catch (error) {
    if (error instanceof NotFlat || error instanceof TypeError) return undefined; // TypeError: not UTF-8.
    throw error;
  }
};

/** A list of byte strings. */
export const readBytesList = (bytes: Uint8Array): Uint8Array[] | undefined =>
  flat(bytes, (cursor) =>
    Array.from({ length: bounded(cursor.head(ARRAY), bytes) }, () =>
      cursor.take(cursor.head(BYTES)),
    ),
  );

/** A list of whole numbers, texts, byte strings and lists of whole numbers. */
export const readFlatList = (bytes: Uint8Array): FlatValue[] | undefined =>
  flat(bytes, (cursor) =>
    Array.from({ length: bounded(cursor.head(ARRAY), bytes) }, () => readValue(cursor, bytes)),
  );

export type FlatValue = number | string | Uint8Array | number[];

/** A map of texts to whole numbers, texts, byte strings and lists of whole numbers. */
export const readFlatMap = (bytes: Uint8Array): Record<string, unknown> | undefined =>
  flat(bytes, (cursor) => {
    const map: Record<string, unknown> = {};
    let previous = "";
    for (let left = bounded(cursor.head(MAP), bytes); left > 0; left -= 1) {
      const key = cursor.text();
      if (!isAfter(key, previous) || key === "__proto__") throw new NotFlat();
      map[key] = readValue(cursor, bytes);
      previous = key;
    }
    return map;
  });

function readValue(cursor: Cursor, bytes: Uint8Array): FlatValue {
  switch (cursor.major) {
    case UINT:
      return cursor.head(UINT);
    case BYTES:
      return cursor.take(cursor.head(BYTES));
    case TEXT:
      return cursor.text();
    case ARRAY:
      return Array.from({ length: bounded(cursor.head(ARRAY), bytes) }, () => cursor.head(UINT));
    default:
      throw new NotFlat();
  }
}

/** A count that the bytes could hold, so that a lie about it allocates nothing. */
function bounded(count: number, bytes: Uint8Array): number {
  if (count > bytes.length) throw new NotFlat();
  return count;
}

/** Order of encoded keys: shorter first, then by bytes. Field names are ASCII of at most 23 characters. */
function isAfter(key: string, previous: string): boolean {
  if (!/^[\x20-\x7e]{1,23}$/.test(key)) throw new NotFlat();
  return key.length === previous.length ? key > previous : key.length > previous.length;
}
