import { CryptoError } from "../errors.ts";
import { CBOR_DEPTH_MAX } from "./cborValue.ts";
import type { CborValue } from "./cborValue.ts";

const MAJOR = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;
const INDEFINITE = 31;
/** Simple values in use, by the low bits of their only byte. */
const SIMPLE = new Map<number, CborValue>([
  [20, false],
  [21, true],
  [22, null],
]);
/** Shorter byte strings are copied even where views are asked for: an engine keeps those in its own heap. */
const VIEW_BYTES = 64;
/** Longer texts are cheaper to decode by the platform than a character at a time. */
const SHORT_TEXT = 64;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads one item of deterministic CBOR (RFC 8949 4.2.1) in one pass. Each byte is asked for the one form that it may have, so
 * nothing is coded again to compare; the contract is that of `decodeCanonical`.
 */
export class CborReader {
  readonly #bytes: Uint8Array;
  readonly #views: boolean;
  #at = 0;

  /** @param views - Byte strings above 64 bytes are views of `bytes`; else copies. */
  constructor(bytes: Uint8Array, views: boolean) {
    this.#bytes = bytes;
    this.#views = views;
  }

  /** The item that the bytes are. */
  whole(): CborValue {
    const value = this.#item(0);
    if (this.#at !== this.#bytes.length) throw malformed("one whole item and nothing after it");
    return value;
  }

  #item(depth: number): CborValue {
    const first = this.#byte();
    const minor = first & 31;
    switch (first >> 5) {
      case MAJOR.uint:
        return this.#argument(minor);
      case MAJOR.negative:
        return negative(this.#argument(minor));
      case MAJOR.bytes:
        return this.#byteString(this.#length(minor));
      case MAJOR.text: {
        const end = this.#end(this.#length(minor));
        return this.#text(end);
      }
      case MAJOR.array:
        return this.#array(this.#length(minor), depth);
      case MAJOR.map:
        return this.#map(this.#length(minor), depth);
      case MAJOR.tag:
        throw malformed("no tags");
      default:
        return simple(minor);
    }
  }

  #array(count: number, depth: number): CborValue[] {
    this.#open(count, depth);
    const list: CborValue[] = [];
    for (let i = 0; i < count; i += 1) list.push(this.#item(depth + 1));
    return list;
  }

  #map(count: number, depth: number): Record<string, CborValue> {
    this.#open(2 * count, depth);
    const map: Record<string, CborValue> = {};
    let previousStart = 0;
    let previousEnd = 0;
    for (let i = 0; i < count; i += 1) {
      const first = this.#byte();
      if (first >> 5 !== MAJOR.text) throw malformed("texts as keys of maps");
      const length = this.#length(first & 31);
      const start = this.#at;
      const end = this.#end(length);
      if (i > 0 && !this.#isAfter(previousStart, previousEnd, start, end))
        throw notCanonical("keys are out of order, or one is there twice");
      previousStart = start;
      previousEnd = end;
      const key = this.#text(end);
      const value = this.#item(depth + 1);
      if (key === "__proto__") define(map, key, value);
      else map[key] = value;
    }
    return map;
  }

  /** Bytewise order of encoded texts: the head puts the shorter first. */
  #isAfter(start: number, end: number, otherStart: number, otherEnd: number): boolean {
    const length = end - start;
    if (otherEnd - otherStart !== length) return otherEnd - otherStart > length;
    for (let i = 0; i < length; i += 1) {
      const difference = this.#bytes[otherStart + i]! - this.#bytes[start + i]!;
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  /** Begins an array or a map of so many items, which the bytes could hold: a lie about it allocates nothing. */
  #open(items: number, depth: number): void {
    if (depth >= CBOR_DEPTH_MAX)
      throw new CryptoError("TOO_DEEP", `Cannot nest CBOR deeper than ${CBOR_DEPTH_MAX} levels`);
    if (items > this.#bytes.length - this.#at) throw truncated();
  }

  /** The argument after a first byte: shortest form; a bigint beyond 2^53 - 1. */
  #argument(minor: number): number | bigint {
    if (minor < 24) return minor;
    if (minor === INDEFINITE) throw notCanonical("a length is indefinite");
    if (minor > 27) throw malformed("no reserved lengths");
    const length = 1 << (minor - 24);
    if (length === 8) return this.#long();
    let value = 0;
    for (let i = 0; i < length; i += 1) value = value * 256 + this.#byte();
    if (length === 1 ? value < 24 : value < 2 ** (4 * length)) throw tooLong();
    return value;
  }

  #long(): number | bigint {
    let high = 0;
    let low = 0;
    for (let i = 0; i < 4; i += 1) high = high * 256 + this.#byte();
    for (let i = 0; i < 4; i += 1) low = low * 256 + this.#byte();
    if (high === 0) throw tooLong();
    return high < 2 ** 21 ? high * 2 ** 32 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  /** An argument that is a length or a count. */
  #length(minor: number): number {
    const length = this.#argument(minor);
    if (typeof length === "bigint") throw truncated();
    return length;
  }

  /** Where a string of this length ends. */
  #end(length: number): number {
    if (length > this.#bytes.length - this.#at) throw truncated();
    return this.#at + length;
  }

  #byteString(length: number): Uint8Array {
    const start = this.#at;
    const end = this.#end(length);
    this.#at = end;
    const isView = this.#views && length > VIEW_BYTES;
    return isView ? this.#bytes.subarray(start, end) : this.#bytes.slice(start, end);
  }

  #text(end: number): string {
    if (end - this.#at > SHORT_TEXT) return this.#unicode(end);
    let text = "";
    for (let at = this.#at; at < end; at += 1) {
      const byte = this.#bytes[at]!;
      if (byte > 127) return this.#unicode(end);
      text += String.fromCharCode(byte);
    }
    this.#at = end;
    return text;
  }

  #unicode(end: number): string {
    let text: string;
    try {
      text = decoder.decode(this.#bytes.subarray(this.#at, end));
    } catch {
      throw notCanonical("a text is not well-formed UTF-8");
    }
    if (text.startsWith("\uFEFF")) throw notCanonical("a text begins with a byte order mark");
    this.#at = end;
    return text;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw truncated();
    this.#at += 1;
    return byte;
  }
}

function negative(argument: number | bigint): number | bigint {
  if (typeof argument === "bigint") return -1n - argument;
  return argument === Number.MAX_SAFE_INTEGER ? -1n - BigInt(argument) : -1 - argument;
}

function simple(minor: number): CborValue {
  if (minor === INDEFINITE) throw notCanonical("a length is indefinite");
  const value = SIMPLE.get(minor);
  if (value === undefined)
    throw malformed("no floats, and no simple values but false, true and null");
  return value;
}

/** A key that assignment would take for the prototype. */
function define(map: Record<string, CborValue>, key: string, value: CborValue): void {
  Object.defineProperty(map, key, { value, enumerable: true, writable: true, configurable: true });
}

const malformed = (wanted: string): CryptoError =>
  new CryptoError("MALFORMED", `Cannot decode CBOR, want ${wanted}`);
const truncated = (): CryptoError => malformed("all bytes that its lengths name");
const notCanonical = (why: string): CryptoError =>
  new CryptoError("NOT_CANONICAL", `Cannot accept CBOR, ${why}; want RFC 8949 4.2`);
const tooLong = (): CryptoError => notCanonical("an integer or a length is longer than needed");
