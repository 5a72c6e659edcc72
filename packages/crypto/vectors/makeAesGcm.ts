/**
 * AES-256-GCM after NIST SP 800-38D and the rules that Wycheproof exercises. Sealed by noble-ciphers, which neither build
 * uses.
 */
import { gcm } from "@noble/ciphers/aes.js";
import { concat, toHex } from "../src/encoding/bytes.ts";
import { flipped, labelledBytes } from "./labelledBytes.ts";

export interface AesGcmVector {
  readonly why: string;
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly data: string;
  readonly sealed: string;
  /** `argument`: a caller's mistake, for sealing too. */
  readonly result: "opens" | "refused" | "argument";
}

interface Parts {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly data: Uint8Array;
}

const base: Parts = {
  key: labelledBytes("gcm key", 32),
  nonce: labelledBytes("gcm nonce", 12),
  aad: labelledBytes("gcm aad", 20),
  data: labelledBytes("gcm data", 40),
};

const seal = ({ key, nonce, aad, data }: Parts): Uint8Array => gcm(key, nonce, aad).encrypt(data);

function vector(
  why: string,
  parts: Parts,
  result: AesGcmVector["result"],
  sealed: Uint8Array = seal(parts),
): AesGcmVector {
  const { key, nonce, aad, data } = parts;
  return {
    why,
    key: toHex(key),
    nonce: toHex(nonce),
    aad: toHex(aad),
    data: toHex(data),
    sealed: toHex(sealed),
    result,
  };
}

function opening(): AesGcmVector[] {
  const sizes = [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 1000].flatMap((size) =>
    [0, 13, 16].map((aadSize) => {
      const parts = {
        ...base,
        aad: labelledBytes("aad", aadSize),
        data: labelledBytes("data", size),
      };
      return vector(`${size} bytes, ${aadSize} of additional data`, parts, "opens");
    }),
  );
  const long = { ...base, aad: labelledBytes("aad", 1500) };
  const zeros = {
    key: new Uint8Array(32),
    nonce: new Uint8Array(12),
    aad: new Uint8Array(0),
    data: new Uint8Array(16),
  };
  return [
    ...sizes,
    vector("1500 bytes of additional data", long, "opens"),
    vector("key, nonce and data of zeros", zeros, "opens"),
    vector("a nonce of ones", { ...base, nonce: new Uint8Array(12).fill(0xff) }, "opens"),
  ];
}

function refused(): AesGcmVector[] {
  const sealed = seal(base);
  const tag = sealed.length - 16;
  const body = sealed.subarray(0, tag);
  const bits = [
    0,
    1,
    7,
    8 * tag - 1,
    ...[0, 1, 7, 31, 63, 64, 96, 126, 127].map((b) => 8 * tag + b),
  ];
  const cut = [0, 1, 4, 8, 12, 13, 14, 15].map((left) => ({
    why: `the tag cut to ${left} bytes`,
    sealed: sealed.subarray(0, tag + left),
  }));
  const others = [
    { why: "a tag of zeros", sealed: concat(body, new Uint8Array(16)) },
    { why: "a tag of ones", sealed: concat(body, new Uint8Array(16).fill(0xff)) },
    {
      why: "the tag's bits inverted",
      sealed: concat(
        body,
        sealed.subarray(tag).map((b) => b ^ 0xff),
      ),
    },
    {
      why: "the tag's words swapped",
      sealed: concat(body, sealed.subarray(tag + 8), sealed.subarray(tag, tag + 8)),
    },
    { why: "a byte after the tag", sealed: concat(sealed, Uint8Array.of(0)) },
    { why: "the tag first", sealed: concat(sealed.subarray(tag), body) },
    { why: "nothing", sealed: new Uint8Array(0) },
    { why: "15 bytes", sealed: sealed.subarray(0, 15) },
  ];
  const parts: [string, Partial<Parts>][] = [
    ["another nonce", { nonce: flipped(base.nonce, 95) }],
    ["another key", { key: flipped(base.key, 0) }],
    ["other additional data", { aad: flipped(base.aad, 3) }],
    ["no additional data", { aad: new Uint8Array(0) }],
    ["additional data with a zero byte more", { aad: concat(base.aad, Uint8Array.of(0)) }],
  ];
  return [
    ...bits.map((bit) => vector(`bit ${bit} flipped`, base, "refused", flipped(sealed, bit))),
    ...[...cut, ...others].map((each) => vector(each.why, base, "refused", each.sealed)),
    ...parts.map(([why, change]) => vector(why, { ...base, ...change }, "refused", sealed)),
  ];
}

function misused(): AesGcmVector[] {
  const sealed = seal(base);
  const nonces = [0, 1, 8, 11, 13, 16, 32].map((size) =>
    vector(
      `a nonce of ${size} bytes`,
      { ...base, nonce: labelledBytes("gcm nonce", size) },
      "argument",
      sealed,
    ),
  );
  const keys = [0, 16, 24, 31, 33, 64].map((size) =>
    vector(
      `a key of ${size} bytes`,
      { ...base, key: labelledBytes("gcm key", size) },
      "argument",
      sealed,
    ),
  );
  return [...nonces, ...keys];
}

/** What stands in tests/vectors/aes-256-gcm.json. */
export function makeAesGcm(): { source: string; vectors: AesGcmVector[] } {
  return {
    source:
      "Made by packages/crypto/vectors/makeAesGcm.ts after NIST SP 800-38D and the rules that Wycheproof exercises; sealed by noble-ciphers",
    vectors: [...opening(), ...refused(), ...misused()],
  };
}
