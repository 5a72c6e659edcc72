import { at } from "./at.ts";
import { utf8 } from "./bytes.ts";
import type { CborValue } from "./cborValue.ts";

const MAJOR = { uint: 0, negative: 1, bytes: 2, text: 3, array: 4, map: 5 } as const;
const SIMPLE = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;

/** Bytes of an item's head with this argument, in the shortest form. */
function headBytes(argument: number | bigint): number {
  if (argument < 24) return 1;
  if (argument < 0x100) return 2;
  if (argument < 0x10000) return 3;
  return argument < 0x100000000 ? 5 : 9;
}

const isAscii = (text: string): boolean => {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return false;
  return true;
};

const textBytes = (text: string): number => (isAscii(text) ? text.length : utf8(text).length);

/** Bytes that a value takes, which `assertEncodable` has accepted. */
export function encodedBytes(value: CborValue): number {
  if (typeof value === "string") {
    const length = textBytes(value);
    return headBytes(length) + length;
  }
  if (typeof value === "number") return headBytes(value < 0 ? -1 - value : value);
  if (typeof value === "bigint") return headBytes(value < 0n ? -1n - value : value);
  if (typeof value === "boolean" || value === null) return 1;
  if (value instanceof Uint8Array) return headBytes(value.length) + value.length;
  if (Array.isArray(value)) {
    let bytes = headBytes(value.length);
    for (const item of value as readonly CborValue[]) bytes += encodedBytes(item);
    return bytes;
  }
  const entries = Object.entries(value);
  let bytes = headBytes(entries.length);
  for (const [key, item] of entries) bytes += encodedBytes(key) + encodedBytes(item);
  return bytes;
}

/** Writes deterministic CBOR (RFC 8949 4.2.1) into bytes that are large enough. */
export class CborWriter {
  readonly #out: Uint8Array;
  #at = 0;

  constructor(out: Uint8Array) {
    this.#out = out;
  }

  write(value: CborValue): void {
    if (typeof value === "string") this.#text(value);
    else if (typeof value === "number") this.#integer(value);
    else if (typeof value === "bigint") this.#integer(value);
    else if (typeof value === "boolean") this.#byte(value ? SIMPLE.true : SIMPLE.false);
    else if (value === null) this.#byte(SIMPLE.null);
    else if (value instanceof Uint8Array) this.#bytes(MAJOR.bytes, value);
    else if (Array.isArray(value)) {
      this.#head(MAJOR.array, value.length);
      for (const item of value as readonly CborValue[]) this.write(item);
    } else this.#map(Object.entries(value));
  }

  #map(entries: [string, CborValue][]): void {
    this.#head(MAJOR.map, entries.length);
    if (entries.every(([key]) => isAscii(key))) entries.sort(byAsciiKey);
    else entries.sort(byEncodedKey);
    for (const [key, item] of entries) {
      this.#text(key);
      this.write(item);
    }
  }

  #text(text: string): void {
    if (!isAscii(text)) return this.#bytes(MAJOR.text, utf8(text));
    this.#head(MAJOR.text, text.length);
    for (let i = 0; i < text.length; i += 1) this.#out[this.#at + i] = text.charCodeAt(i);
    this.#at += text.length;
  }

  #bytes(major: number, bytes: Uint8Array): void {
    this.#head(major, bytes.length);
    this.#out.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #integer(value: number | bigint): void {
    if (typeof value === "number")
      return value < 0 ? this.#head(MAJOR.negative, -1 - value) : this.#head(MAJOR.uint, value);
    return value < 0n ? this.#head(MAJOR.negative, -1n - value) : this.#head(MAJOR.uint, value);
  }

  #head(major: number, argument: number | bigint): void {
    const bytes = headBytes(argument);
    if (bytes === 1) return this.#byte((major << 5) | Number(argument));
    const minor = bytes === 2 ? 24 : bytes === 3 ? 25 : bytes === 5 ? 26 : 27;
    this.#byte((major << 5) | minor);
    if (typeof argument === "bigint") return this.#bigEndian(argument, bytes - 1);
    for (let rest = argument, i = bytes - 2; i >= 0; i -= 1, rest = Math.floor(rest / 256))
      this.#out[this.#at + i] = rest % 256;
    this.#at += bytes - 1;
  }

  #bigEndian(argument: bigint, length: number): void {
    for (let rest = argument, i = length - 1; i >= 0; i -= 1, rest >>= 8n)
      this.#out[this.#at + i] = Number(rest & 0xffn);
    this.#at += length;
  }

  #byte(byte: number): void {
    this.#out[this.#at] = byte;
    this.#at += 1;
  }
}

/** Bytewise order of encoded texts: the head puts the shorter first. */
const byAsciiKey = ([left]: [string, CborValue], [right]: [string, CborValue]): number =>
  left.length - right.length || (left < right ? -1 : 1);

function byEncodedKey([left]: [string, CborValue], [right]: [string, CborValue]): number {
  const a = utf8(left);
  const b = utf8(right);
  if (a.length !== b.length) return a.length - b.length;
  const place = a.findIndex((byte, i) => byte !== b[i]);
  return place < 0 ? 0 : at(a, place) - at(b, place);
}
