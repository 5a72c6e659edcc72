import { CryptoError, expectLength } from "../errors.ts";
import { at } from "./at.ts";

const SHORT_TEXT = 64;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}

/** Compares without leaving early: the time depends on the lengths only. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i += 1) difference |= left[i]! ^ right[i]!;
  return difference === 0;
}

/**
 * Exclusive or of two strings of one length.
 *
 * @throws {CryptoError} `E_ARGUMENT` for two lengths.
 */
export function xor(left: Uint8Array, right: Uint8Array): Uint8Array {
  expectLength("operand", right, left.length);
  return left.map((byte, i) => byte ^ at(right, i));
}

/** What each hexadecimal digit stands for, by its character code; -1 for what is none. */
const HEX_VALUE = Int8Array.from({ length: 128 }, (_, code) =>
  "0123456789abcdef".indexOf(String.fromCharCode(code).toLowerCase()),
);
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += HEX[byte];
  return out;
}

/** @throws {CryptoError} `E_FORMAT` unless the text is an even number of hexadecimal digits. */
export function fromHex(text: string): Uint8Array {
  const out = new Uint8Array(text.length >> 1);
  let bad = 0;
  for (let i = 0; i < out.length; i += 1) {
    const high = HEX_VALUE[text.charCodeAt(2 * i)] ?? -1;
    const low = HEX_VALUE[text.charCodeAt(2 * i + 1)] ?? -1;
    bad |= high | low;
    out[i] = (high << 4) | low;
  }
  // What is no digit is -1: its sign stays.
  if (bad < 0 || text.length % 2 === 1)
    throw new CryptoError("E_FORMAT", "Cannot read hex, want an even number of digits 0-9 a-f");
  return out;
}

const BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const BASE64URL_VALUE = new Map(BASE64URL.split("").map((digit, value) => [digit, value]));

/** RFC 4648 section 5 without padding. */
export function toBase64url(bytes: Uint8Array): string {
  let out = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const word = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const digits = Math.min(bytes.length - i, 3) + 1;
    for (let j = 0; j < digits; j += 1) out += BASE64URL[(word >> (18 - 6 * j)) & 63];
  }
  return out;
}

/** @throws {CryptoError} `E_FORMAT` for other digits, padding, an impossible length or stray low bits. */
export function fromBase64url(text: string): Uint8Array {
  const malformed = new CryptoError(
    "E_FORMAT",
    "Cannot read base64url, want RFC 4648 section 5 without padding",
  );
  if (text.length % 4 === 1) throw malformed;
  const out = new Uint8Array(Math.floor((text.length * 3) / 4));
  let word = 0;
  let bits = 0;
  let offset = 0;
  for (const digit of text) {
    const value = BASE64URL_VALUE.get(digit);
    if (value === undefined) throw malformed;
    word = ((word << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[offset] = (word >> bits) & 0xff;
      offset += 1;
    }
  }
  if ((word & ((1 << bits) - 1)) !== 0) throw malformed;
  return out;
}

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  if (text.length > SHORT_TEXT) return encoder.encode(text);
  // Names and labels are short and ASCII; the encoder's own cost would exceed theirs.
  const out = new Uint8Array(text.length);
  for (let i = 0; i < out.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code > 127) return encoder.encode(text);
    out[i] = code;
  }
  return out;
}

/** @throws {CryptoError} `E_FORMAT` for bytes that are not well-formed UTF-8. */
export function utf8Decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new CryptoError("E_FORMAT", "Cannot read text, want well-formed UTF-8", { cause });
  }
}

/**
 * I2OSP(value, length) of RFC 8017 4.1: big-endian, fixed length.
 *
 * @throws {CryptoError} `E_ARGUMENT` for a value that is negative, fractional or too large.
 */
export function i2osp(value: number | bigint, length: number): Uint8Array {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new CryptoError("E_ARGUMENT", "Cannot encode number, want a safe integer");
  }
  let rest = BigInt(value);
  // A negative number is shifted to -1.
  if (rest >> BigInt(8 * length) !== 0n) {
    throw new CryptoError("E_ARGUMENT", `Cannot encode number, want 0 to 2^${8 * length} - 1`);
  }
  const out = new Uint8Array(length);
  for (let i = length - 1; i >= 0; i -= 1) {
    out[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return out;
}

/** OS2IP of RFC 8017 4.2. */
export function os2ip(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/**
 * The suite's injective encoding: for each field, I2OSP(length, 4) and the field. Texts are UTF-8; absent fields are
 * zero-length, never left out. Source: the suite's conventions (docs/spec, `enc`).
 */
export function enc(...fields: readonly (Uint8Array | string)[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const field of fields) {
    const bytes = typeof field === "string" ? utf8(field) : field;
    parts.push(u32(bytes.length), bytes);
  }
  return concat(...parts);
}

/** I2OSP(value, 4) for a value known to fit. */
function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/**
 * Big-endian 32-bit number at `offset`.
 *
 * @throws {CryptoError} `E_FORMAT` where fewer than four bytes are left.
 */
export function readU32(bytes: Uint8Array, offset: number): number {
  if (offset + 4 > bytes.length)
    throw new CryptoError("E_FORMAT", "Cannot read number, want four bytes");
  const [a, b, c, d] = [
    at(bytes, offset),
    at(bytes, offset + 1),
    at(bytes, offset + 2),
    at(bytes, offset + 3),
  ];
  return a * 0x1000000 + ((b << 16) | (c << 8) | d);
}
