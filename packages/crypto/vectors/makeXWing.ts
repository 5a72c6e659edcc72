/**
 * HPKE base mode (RFC 9180) with X-Wing (draft-connolly-cfrg-xwing-kem), HKDF-SHA-256 and AES-256-GCM, written down once more
 * from the two documents over noble's primitives, and the rules that C2SP CCTV and Wycheproof exercise for X25519 and ML-KEM.
 */
import { gcm } from "@noble/ciphers/aes.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { expand, extract } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { sha3_256, shake256 } from "@noble/hashes/sha3.js";
import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { concat, fromHex, i2osp, toHex, utf8 } from "../src/encoding/bytes.ts";
import { flipped, labelledBytes } from "./labelledBytes.ts";

const XWING_LABEL = fromHex("5c2e2f2f5e5c");
/** "HPKE", KEM 0x647a, KDF 0x0001, AEAD 0x0002. */
const SUITE_ID = concat(utf8("HPKE"), fromHex("647a00010002"));
const EK_BYTES = 1184;
const CT_BYTES = 1088;

/** Points of order 1, 2, 4 and 8 as u-coordinates: with any scalar they give zero (RFC 7748 section 6.1). */
const LOW_ORDER = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

interface KeyVector {
  readonly operation: "key";
  readonly why: string;
  readonly seed: string;
  readonly publicKeySha256: string;
}

/** A public key to which nothing may be sealed. */
interface SealVector {
  readonly operation: "seal";
  readonly why: string;
  readonly publicKey: string;
  readonly code: "E_FORMAT" | "E_ARGUMENT";
}

interface OpenVector {
  readonly operation: "open";
  readonly why: string;
  readonly seed: string;
  readonly info: string;
  readonly aad: string;
  readonly plaintext: string;
  readonly sealed: string;
  readonly valid: boolean;
}

export type XWingVector = KeyVector | SealVector | OpenVector;

interface Keys {
  readonly dk: Uint8Array;
  readonly ekM: Uint8Array;
  readonly skX: Uint8Array;
  readonly pkX: Uint8Array;
}

function expandSeed(seed: Uint8Array): Keys {
  const expanded = shake256(seed, { dkLen: 96 });
  const { publicKey, secretKey } = ml_kem768.keygen(expanded.subarray(0, 64));
  const skX = expanded.subarray(64);
  return { dk: secretKey, ekM: publicKey, skX, pkX: x25519.getPublicKey(skX) };
}

/** Encapsulation with both halves chosen; `ctX` and `ssX` may be those of a point of low order. */
function encapsulated(
  { ekM, pkX }: Keys,
  coins: Uint8Array,
  half?: { readonly ctX: Uint8Array; readonly ssX: Uint8Array },
): { readonly enc: Uint8Array; readonly secret: Uint8Array } {
  const { cipherText, sharedSecret } = ml_kem768.encapsulate(ekM, coins.subarray(0, 32));
  const ekX = coins.subarray(32);
  const ctX = half?.ctX ?? x25519.getPublicKey(ekX);
  const ssX = half?.ssX ?? x25519.getSharedSecret(ekX, pkX);
  return {
    enc: concat(cipherText, ctX),
    secret: sha3_256(concat(sharedSecret, ssX, ctX, pkX, XWING_LABEL)),
  };
}

const labeledExtract = (salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
  extract(sha256, concat(utf8("HPKE-v1"), SUITE_ID, utf8(label), ikm), salt);
const labeledExpand = (
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array =>
  expand(
    sha256,
    prk,
    concat(i2osp(length, 2), utf8("HPKE-v1"), SUITE_ID, utf8(label), info),
    length,
  );

/** KeySchedule of RFC 9180 5.1 in base mode, then the first message. */
function sealed(
  secret: Uint8Array,
  { info, aad, plaintext }: { info: string; aad: Uint8Array; plaintext: Uint8Array },
): Uint8Array {
  const none = new Uint8Array(0);
  const context = concat(
    Uint8Array.of(0),
    labeledExtract(none, "psk_id_hash", none),
    labeledExtract(none, "info_hash", utf8(info)),
  );
  const prk = labeledExtract(secret, "secret", none);
  const key = labeledExpand(prk, "key", context, 32);
  const nonce = labeledExpand(prk, "base_nonce", context, 12);
  return gcm(key, nonce, aad).encrypt(plaintext);
}

const seed = labelledBytes("x-wing seed", 32);
const keys = expandSeed(seed);
const coins = labelledBytes("x-wing coins", 64);
const message = {
  info: "MRS-V1-VECTOR",
  aad: labelledBytes("x-wing aad", 16),
  plaintext: utf8("a message to one party"),
};

function open(
  why: string,
  bytes: Uint8Array,
  valid: boolean,
  change: Partial<typeof message> = {},
): OpenVector {
  const { info, aad, plaintext } = { ...message, ...change };
  return {
    operation: "open",
    why,
    seed: toHex(seed),
    info,
    aad: toHex(aad),
    plaintext: toHex(plaintext),
    sealed: toHex(bytes),
    valid,
  };
}

function opening(): OpenVector[] {
  const made = encapsulated(keys, coins);
  const whole = concat(made.enc, sealed(made.secret, message));
  const empty = { aad: new Uint8Array(0), plaintext: new Uint8Array(0), info: "" };
  const at = 8 * CT_BYTES;
  return [
    open("as it was made", whole, true),
    open(
      "nothing inside, no info, no additional data",
      concat(made.enc, sealed(made.secret, empty)),
      true,
      empty,
    ),
    open("another info", whole, false, { info: "MRS-V1-OTHER" }),
    open("other additional data", whole, false, { aad: new Uint8Array(16) }),
    open("a bit of ML-KEM's ciphertext flipped", flipped(whole, 100), false),
    open("a bit of the X25519 point flipped", flipped(whole, at + 100), false),
    open("the unused top bit of the X25519 point set", flipped(whole, at + 255), false),
    open("a bit of the message flipped", flipped(whole, at + 8 * 32 + 3), false),
    open("the last bit of the tag flipped", flipped(whole, 8 * whole.length - 1), false),
    open("cut inside the tag", whole.subarray(0, -1), false),
    open("cut to the encapsulation", made.enc, false),
    open("cut inside the encapsulation", whole.subarray(0, 1119), false),
    open("nothing", new Uint8Array(0), false),
    open(
      "the halves of the encapsulation swapped",
      concat(made.enc.subarray(CT_BYTES), made.enc.subarray(0, CT_BYTES), whole.subarray(1120)),
      false,
    ),
    // Whoever takes the zero secret opens these: X25519 then adds nothing to ML-KEM.
    ...LOW_ORDER.map((hex) => {
      const forged = encapsulated(keys, coins, { ctX: fromHex(hex), ssX: new Uint8Array(32) });
      return open(
        "an X25519 point of low order",
        concat(forged.enc, sealed(forged.secret, message)),
        false,
      );
    }),
  ];
}

function refusedKeys(): SealVector[] {
  const whole = concat(keys.ekM, keys.pkX);
  const vector = (why: string, publicKey: Uint8Array, code: SealVector["code"]): SealVector => ({
    operation: "seal",
    why,
    publicKey: toHex(publicKey),
    code,
  });
  const tooLarge = Uint8Array.from(whole);
  tooLarge.set([0x01, (tooLarge[1]! & 0xf0) | 0x0d]);
  return [
    ...LOW_ORDER.map((hex) =>
      vector("an X25519 point of low order", concat(keys.ekM, fromHex(hex)), "E_FORMAT"),
    ),
    vector("a coefficient of q in ML-KEM's half", tooLarge, "E_FORMAT"),
    vector(
      "all bits of ML-KEM's half set",
      concat(new Uint8Array(EK_BYTES).fill(0xff), keys.pkX),
      "E_FORMAT",
    ),
    ...[0, 32, EK_BYTES, 1215, 1217].map((length) =>
      vector(`a key of ${length} bytes`, labelledBytes("x-wing key", length), "E_ARGUMENT"),
    ),
  ];
}

/** What stands in tests/vectors/x-wing-hpke.json. */
export function makeXWing(): { source: string; vectors: XWingVector[] } {
  const seeds = [seed, new Uint8Array(32), new Uint8Array(32).fill(0xff)];
  const keyVectors = seeds.map((each): KeyVector => {
    const { ekM, pkX } = expandSeed(each);
    return {
      operation: "key",
      why: "a seed",
      seed: toHex(each),
      publicKeySha256: toHex(sha256(concat(ekM, pkX))),
    };
  });
  return {
    source:
      "Made by packages/crypto/vectors/makeXWing.ts after RFC 9180, draft-connolly-cfrg-xwing-kem and the rules that C2SP CCTV and Wycheproof exercise for X25519 and ML-KEM",
    vectors: [...keyVectors, ...refusedKeys(), ...opening()],
  };
}
