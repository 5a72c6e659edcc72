import { fromHex, utf8 } from "@anamnesis/crypto/verify";
import { invariant } from "@anamnesis/protocol";

/**
 * Keys of the state are byte strings, held as text of one code unit (0–255) a byte: comparing such texts compares the bytes,
 * and they serve as keys of a Map. Ids are their raw bytes, numbers big-endian, so that key order is their order.
 */

/** Bytes of a number in a key: up to 2^48 − 1. */
export const NUMBER_BYTES = 6;
const NUMBER_LIMIT = 2 ** (8 * NUMBER_BYTES);

/** `Reflect.apply` takes the bytes as they are; a spread would go through an iterator, at four times the cost. */
export const bytesKey = (bytes: Uint8Array): string =>
  Reflect.apply(String.fromCharCode, undefined, bytes) as string;

/** @param hex - An id as people see it: hex digits, two a byte. */
export const hexKey = (hex: string): string => bytesKey(fromHex(hex));

export const textKey = (text: string): string => bytesKey(utf8(text));

/** @throws {InvariantError} A number that has no place in a key would stand for another one. */
export function numberKey(value: number): string {
  invariant(value < NUMBER_LIMIT, "a number of the state is too large for its key");
  const high = Math.floor(value / 0x1000000);
  const low = value % 0x1000000;
  return String.fromCharCode(
    high >> 16,
    (high >> 8) & 255,
    high & 255,
    low >> 16,
    (low >> 8) & 255,
    low & 255,
  );
}

/** The number whose {@link numberKey} begins at `at`. */
export function numberAt(key: string, at: number): number {
  let value = 0;
  for (let i = at; i < at + NUMBER_BYTES; i += 1) value = value * 256 + key.charCodeAt(i);
  return value;
}

/** The bytes of a key, or of its part from `from` on. */
export function keyBytes(key: string, from = 0): Uint8Array {
  const bytes = new Uint8Array(key.length - from);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = key.charCodeAt(from + i);
  return bytes;
}

/**
 * The place of a node in a tree, by its path of bits from the root (text of "0" and "1"): the bits, eight a byte, then their
 * number. A subtree lies together, its root first.
 */
export function pathKey(path: string): string {
  let key = "";
  for (let at = 0; at < path.length; at += 8)
    key += String.fromCharCode(Number.parseInt(path.slice(at, at + 8).padEnd(8, "0"), 2));
  return key + String.fromCharCode(path.length >> 8, path.length & 255);
}

/** The path whose {@link pathKey} is the key's part from `from` on. */
export function pathOf(key: string, from: number): string {
  const end = key.length - 2;
  const length = key.charCodeAt(end) * 256 + key.charCodeAt(end + 1);
  let bits = "";
  for (let at = from; at < end; at += 1) bits += key.charCodeAt(at).toString(2).padStart(8, "0");
  return bits.slice(0, length);
}
