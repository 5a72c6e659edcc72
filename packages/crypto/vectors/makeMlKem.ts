/**
 * ML-KEM-768 after FIPS 203 and the rules that C2SP CCTV (ML-KEM) and Wycheproof exercise: check of the encapsulation key,
 * lengths, implicit rejection, comparisons that stop at a zero byte, matrices that want many bytes.
 *
 * Keys and ciphertexts are made by one library; every shared secret is decapsulated by OpenSSL, and those of rejection are
 * SHAKE256(z || c).
 */
import assert from "node:assert/strict";
import { createPrivateKey, decapsulate } from "node:crypto";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { sha3_512, shake128, shake256 } from "@noble/hashes/sha3.js";
import { concat, fromHex, toHex } from "../src/encoding/bytes.ts";
import { flipped, labelledBytes } from "./labelledBytes.ts";

const Q = 3329;
const EK_BYTES = 1184;
const CT_BYTES = 1088;

interface Keygen {
  readonly operation: "keygen";
  readonly why: string;
  readonly seed: string;
  readonly ekSha256: string;
  readonly dkSha256: string;
}

/** `ek` in full where it is refused, else by the seed it comes from. */
interface Encapsulation {
  readonly operation: "encapsulate";
  readonly why: string;
  readonly seed?: string;
  readonly ek?: string;
  readonly coins: string;
  readonly ctSha256: string;
  readonly secret: string;
  readonly valid: boolean;
}

interface Decapsulation {
  readonly operation: "decapsulate";
  readonly why: string;
  readonly seed: string;
  /** Bits of the decapsulation key that are flipped. */
  readonly dkFlipped: readonly number[];
  readonly ct: string;
  readonly secret: string;
  readonly valid: boolean;
}

export type MlKemVector = Keygen | Encapsulation | Decapsulation;

const PKCS8_SEED = fromHex("3054020100300b0609608648016503040402" + "0442" + "8040");

function opensslSecret(seed: Uint8Array, ct: Uint8Array): Uint8Array {
  const key = Buffer.from(concat(PKCS8_SEED, seed));
  return Uint8Array.from(decapsulate(createPrivateKey({ key, format: "der", type: "pkcs8" }), ct));
}

/** Blocks of SHAKE128 that a polynomial of the matrix needs for its 256 coefficients. */
function blocksNeeded(rho: Uint8Array, i: number, j: number): number {
  const stream = shake128(concat(rho, Uint8Array.of(j, i)), { dkLen: 168 * 8 });
  let accepted = 0;
  for (let at = 0; ; at += 3) {
    const [a, b, c] = [stream[at]!, stream[at + 1]!, stream[at + 2]!];
    for (const candidate of [a | ((b & 15) << 8), (b >> 4) | (c << 4)]) {
      if (candidate < Q) accepted += 1;
      if (accepted === 256) return Math.ceil((at + 3) / 168);
    }
  }
}

/** A seed whose matrix has at least so many polynomials that want a fourth block. */
function unluckySeed(count: number): Uint8Array {
  for (let n = 0; ; n += 1) {
    const seed = labelledBytes(`ml-kem unlucky ${n}`, 64);
    const rho = sha3_512(concat(seed.subarray(0, 32), Uint8Array.of(3))).subarray(0, 32);
    const places = Array.from({ length: 9 }, (_, at) => [Math.floor(at / 3), at % 3] as const);
    if (places.filter(([i, j]) => blocksNeeded(rho, i, j) > 3).length >= count) return seed;
  }
}

const seedA = labelledBytes("ml-kem seed a", 64);
const seedB = labelledBytes("ml-kem seed b", 64);

function keygen(why: string, seed: Uint8Array): Keygen {
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  return {
    operation: "keygen",
    why,
    seed: toHex(seed),
    ekSha256: toHex(sha256(publicKey)),
    dkSha256: toHex(sha256(secretKey)),
  };
}

function encapsulation(why: string, seed: Uint8Array, coins: Uint8Array): Encapsulation {
  const { publicKey } = ml_kem768.keygen(seed);
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(publicKey, coins);
  assert.deepEqual(opensslSecret(seed, cipherText), sharedSecret);
  return {
    operation: "encapsulate",
    why,
    seed: toHex(seed),
    coins: toHex(coins),
    ctSha256: toHex(sha256(cipherText)),
    secret: toHex(sharedSecret),
    valid: true,
  };
}

function refusedKey(why: string, ek: Uint8Array): Encapsulation {
  return {
    operation: "encapsulate",
    why,
    ek: toHex(ek),
    coins: toHex(labelledBytes("ml-kem coins", 32)),
    ctSha256: "",
    secret: "",
    valid: false,
  };
}

/** The key with the twelve bits of one coefficient replaced. */
function withCoefficient(ek: Uint8Array, position: number, value: number): Uint8Array {
  const copy = Uint8Array.from(ek);
  const at = 3 * (position >> 1);
  if (position % 2 === 0) {
    copy[at] = value & 0xff;
    copy[at + 1] = (copy[at + 1]! & 0xf0) | (value >> 8);
  } else {
    copy[at + 1] = (copy[at + 1]! & 0x0f) | ((value & 15) << 4);
    copy[at + 2] = value >> 4;
  }
  return copy;
}

function decapsulation(
  why: string,
  seed: Uint8Array,
  ct: Uint8Array,
  dkFlipped: readonly number[] = [],
): Decapsulation {
  const valid = ct.length === CT_BYTES && dkFlipped.length === 0;
  return {
    operation: "decapsulate",
    why,
    seed: toHex(seed),
    dkFlipped,
    ct: toHex(ct),
    secret: valid ? toHex(opensslSecret(seed, ct)) : "",
    valid,
  };
}

/** A ciphertext with a zero byte early, for comparisons that stop there. */
function ciphertextWithZero(ek: Uint8Array): Uint8Array {
  for (let n = 0; ; n += 1) {
    const { cipherText } = ml_kem768.encapsulate(ek, labelledBytes(`ml-kem zero ${n}`, 32));
    if (cipherText[0] === 0) return cipherText;
  }
}

function rejections(): Decapsulation[] {
  const { publicKey } = ml_kem768.keygen(seedA);
  const { cipherText: ct } = ml_kem768.encapsulate(publicKey, labelledBytes("ml-kem coins", 32));
  const rejected: [string, Uint8Array][] = [
    ["rejected: the first bit flipped", flipped(ct, 0)],
    ["rejected: the last bit of u flipped", flipped(ct, 8 * 960 - 1)],
    ["rejected: the first bit of v flipped", flipped(ct, 8 * 960)],
    ["rejected: the last bit flipped", flipped(ct, 8 * CT_BYTES - 1)],
    ["rejected: zeros", new Uint8Array(CT_BYTES)],
    ["rejected: all bits set", new Uint8Array(CT_BYTES).fill(0xff)],
    ["rejected: bytes at random", labelledBytes("ml-kem ct", CT_BYTES)],
    ["rejected: differs after a zero byte only", flipped(ciphertextWithZero(publicKey), 8 * 700)],
    [
      "rejected: made for another key",
      ml_kem768.encapsulate(ml_kem768.keygen(seedB).publicKey, labelledBytes("ml-kem coins", 32))
        .cipherText,
    ],
  ];
  return rejected.map(([why, changed]) => {
    const made = decapsulation(why, seedA, changed);
    const implicit = shake256(concat(seedA.subarray(32), changed), { dkLen: 32 });
    assert.equal(made.secret, toHex(implicit), why);
    return made;
  });
}

/** What stands in tests/vectors/ml-kem-768.json. */
export function makeMlKem(): { source: string; vectors: MlKemVector[] } {
  const unlucky = unluckySeed(2);
  const { publicKey: ek } = ml_kem768.keygen(seedA);
  const coins = labelledBytes("ml-kem coins", 32);
  const { cipherText: ct } = ml_kem768.encapsulate(ek, coins);
  const lengths = [0, 800, EK_BYTES - 1, EK_BYTES + 1, 1568];
  const vectors = [
    keygen("a seed", seedA),
    keygen("a seed of zeros", new Uint8Array(64)),
    keygen("a seed of ones", new Uint8Array(64).fill(0xff)),
    keygen("two polynomials of the matrix want a fourth block", unlucky),
    encapsulation("coins at random", seedA, coins),
    encapsulation("coins of zeros", seedA, new Uint8Array(32)),
    encapsulation("coins of ones", seedB, new Uint8Array(32).fill(0xff)),
    encapsulation("two polynomials of the matrix want a fourth block", unlucky, coins),
    ...[0, 1, 255, 256, 766, 767].map((at) =>
      refusedKey(`coefficient ${at} is q`, withCoefficient(ek, at, Q)),
    ),
    refusedKey("coefficient 300 is 4095", withCoefficient(ek, 300, 4095)),
    refusedKey("all bits set", new Uint8Array(EK_BYTES).fill(0xff)),
    ...lengths.map((length) =>
      refusedKey(`a key of ${length} bytes`, labelledBytes("ml-kem ek", length)),
    ),
    decapsulation("as it was made", seedA, ct),
    decapsulation("as it was made, a zero byte first", seedA, ciphertextWithZero(ek)),
    ...rejections(),
    ...[0, 768, CT_BYTES - 1, CT_BYTES + 1, 1568].map((length) =>
      decapsulation(`a ciphertext of ${length} bytes`, seedA, labelledBytes("ml-kem ct", length)),
    ),
    decapsulation("the key's hash of ek changed", seedA, ct, [8 * (1152 + EK_BYTES)]),
    decapsulation("the key's ek changed", seedA, ct, [8 * 1152]),
  ];
  return {
    source:
      "Made by packages/crypto/vectors/makeMlKem.ts after FIPS 203 and the rules that C2SP CCTV (ML-KEM) and Wycheproof exercise; shared secrets by OpenSSL",
    vectors,
  };
}
