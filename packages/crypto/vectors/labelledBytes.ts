import { shake256 } from "@noble/hashes/sha3.js";
import { utf8 } from "../src/encoding/bytes.ts";

/** Bytes of our own making, the same at every run: SHAKE256 of a label. */
export const labelledBytes = (label: string, length: number): Uint8Array =>
  shake256(utf8(`anamnesis vectors: ${label}`), { dkLen: length });

/** A copy with one bit flipped. */
export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
