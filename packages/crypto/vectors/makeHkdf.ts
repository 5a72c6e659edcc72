/**
 * KDF, the suite's HKDF-SHA-256 (RFC 5869), after the rules that Wycheproof exercises: the ends of the range of lengths, empty
 * and long inputs, and an info beyond what platforms take. Expanded by noble-hashes, which the Node build does not use.
 */
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { enc, toHex, utf8 } from "../src/encoding/bytes.ts";
import { labelledBytes } from "./labelledBytes.ts";

export interface HkdfVector {
  readonly why: string;
  readonly ikm: string;
  readonly label: string;
  readonly ctx: string;
  readonly length: number;
  /** In full up to 64 bytes, else its SHA-256. */
  readonly okm: string;
  readonly valid: boolean;
}

const OKM_MAX = 255 * 32;

function vector(
  why: string,
  change: { ikm?: Uint8Array; label?: string; ctx?: Uint8Array; length?: number },
): HkdfVector {
  const { ikm, label, ctx, length } = {
    ikm: labelledBytes("hkdf ikm", 32),
    label: "vector",
    ctx: labelledBytes("hkdf ctx", 16),
    length: 32,
    ...change,
  };
  const valid = Number.isInteger(length) && length >= 1 && length <= OKM_MAX;
  const okm = valid
    ? hkdf(sha256, ikm, utf8("MRS-V1"), enc(label, ctx), length)
    : new Uint8Array(0);
  return {
    why,
    ikm: toHex(ikm),
    label,
    ctx: toHex(ctx),
    length,
    okm: toHex(length > 64 && valid ? sha256(okm) : okm),
    valid,
  };
}

/** What stands in tests/vectors/hkdf-sha256.json. */
export function makeHkdf(): { source: string; vectors: HkdfVector[] } {
  const lengths = [1, 7, 31, 32, 33, 63, 64, 65, 255, 256, OKM_MAX - 1, OKM_MAX];
  const bad = [0, -1, 1.5, OKM_MAX + 1, 2 ** 32];
  return {
    source:
      "Made by packages/crypto/vectors/makeHkdf.ts after RFC 5869 and the rules that Wycheproof exercises; salt MRS-V1, info enc(label, ctx)",
    vectors: [
      ...lengths.map((length) => vector(`${length} bytes wanted`, { length })),
      ...bad.map((length) => vector(`${length} bytes wanted`, { length })),
      ...[0, 1, 63, 64, 65, 1000].map((size) =>
        vector(`${size} bytes of key material`, { ikm: labelledBytes("hkdf ikm", size) }),
      ),
      ...[0, 1, 1007, 1008, 1009, 1431, 5000].map((size) =>
        vector(`${size} bytes of context`, { ctx: labelledBytes("hkdf ctx", size) }),
      ),
      vector("an empty label", { label: "" }),
      vector("a label that is not ASCII", { label: "schlüssel" }),
      vector("a label that takes a byte from the context", {
        label: "vectorx",
        ctx: labelledBytes("hkdf ctx", 15),
      }),
    ],
  };
}
