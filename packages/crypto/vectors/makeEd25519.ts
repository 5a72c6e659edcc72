/**
 * Ed25519 signatures at the edges of RFC 8032, each with the verdict that follows from how it was built.
 *
 * The rules are those that the C2SP CCTV project and Wycheproof exercise; points, messages and bytes are our own. Verdict:
 * valid iff A and R are canonical and not of small order, S < L, and [S]B = R + [k]A holds without the cofactor.
 */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concat, fromHex, i2osp, os2ip, toHex, utf8 } from "../src/encoding/bytes.ts";

const { Point } = ed25519;
const L = Point.Fn.ORDER;
const P = Point.Fp.ORDER;
const TORSION = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");

export interface Ed25519Vector {
  readonly id: number;
  readonly why: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
}

/** A point with the factors it is made of: scalar * B + torsion * T, and the bytes that stand for it. */
interface Made {
  readonly name: string;
  readonly scalar: bigint;
  readonly torsion: bigint;
  readonly bytes: Uint8Array;
  /** Encoded canonically, and not of small order. */
  readonly isStrict: boolean;
}

const le = (value: bigint): Uint8Array => i2osp(value, 32).toReversed();
const mod = (value: bigint, order: bigint): bigint => ((value % order) + order) % order;
const scalarOf = (label: string): bigint => 1n + (os2ip(sha512(utf8(label))) % (L - 1n));

/** scalar * B + torsion * T in its canonical encoding. */
function mixed(label: string, torsion: bigint): Made {
  const scalar = scalarOf(label);
  const point = Point.BASE.multiplyUnsafe(scalar).add(TORSION.multiplyUnsafe(torsion));
  const name = torsion === 0n ? "of prime order" : `with a part of small order ${torsion}`;
  return { name, scalar, torsion, bytes: point.toBytes(), isStrict: true };
}

/** All fourteen encodings of the eight points of small order. */
function smallOrder(): Made[] {
  return Array.from({ length: 8 }, (_, i) => i).flatMap((i) => {
    const torsion = BigInt(i);
    const { x, y } = TORSION.multiplyUnsafe(torsion).toAffine();
    const signs = x === 0n ? [0n, 1n] : [x & 1n];
    const ys = y + P < 2n ** 255n ? [y, y + P] : [y];
    return ys.flatMap((value) =>
      signs.map((sign): Made => {
        const isCanonical = value < P && (x !== 0n || sign === 0n);
        const name = `of small order (${torsion} T)${isCanonical ? "" : ", not canonical"}`;
        return {
          name,
          scalar: 0n,
          torsion,
          bytes: le(value | (sign << 255n)),
          isStrict: false,
        };
      }),
    );
  });
}

const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint =>
  mod(os2ip(sha512(concat(r, a, message)).toReversed()), L);

/** The first message for which what is left over of small order, R + [k]A - [S]B, is zero, or is not. */
function messageFor(a: Made, r: Made, wantsZero: boolean): Uint8Array | undefined {
  for (let n = 0; n < 400; n += 1) {
    const message = utf8(`anamnesis ${n}`);
    const rest = mod(r.torsion + challenge(r.bytes, a.bytes, message) * a.torsion, 8n);
    if ((rest === 0n) === wantsZero) return message;
  }
  return undefined;
}

const signatureFor = (a: Made, r: Made, message: Uint8Array): Uint8Array =>
  concat(r.bytes, le(mod(r.scalar + challenge(r.bytes, a.bytes, message) * a.scalar, L)));

type Case = Omit<Ed25519Vector, "id">;

const written = (
  why: string,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  valid: boolean,
): Case => ({
  why,
  publicKey: toHex(publicKey),
  message: toHex(message),
  signature: toHex(signature),
  valid,
});

/** One pair of points: the equation holding, and holding only with the cofactor. */
function pair(a: Made, r: Made): Case[] {
  return [true, false].flatMap((holds) => {
    const message = messageFor(a, r, holds);
    if (message === undefined) return [];
    const equation = holds ? "the equation holds" : "the equation holds only with the cofactor";
    const valid = holds && a.isStrict && r.isStrict;
    return [
      written(
        `A ${a.name}, R ${r.name}: ${equation}`,
        a.bytes,
        message,
        signatureFor(a, r, message),
        valid,
      ),
    ];
  });
}

function pairs(): Case[] {
  const torsions = Array.from({ length: 8 }, (_, i) => BigInt(i));
  const keys = torsions.map((torsion) => mixed("key", torsion));
  const nonces = torsions.map((torsion) => mixed("nonce", torsion));
  const small = smallOrder();
  const [key, mixedKey] = keys;
  const [nonce, mixedNonce] = nonces;
  if (!key || !mixedKey || !nonce || !mixedNonce) throw new RangeError("No points");
  return [
    ...keys.flatMap((a) => nonces.flatMap((r) => pair(a, r))),
    ...small.flatMap((a) => [nonce, mixedNonce].flatMap((r) => pair(a, r))),
    ...small.flatMap((r) => [key, mixedKey].flatMap((a) => pair(a, r))),
    ...small.flatMap((a) => small.filter((_, i) => i % 5 === 0).flatMap((r) => pair(a, r))),
  ];
}

/** Small-order A in another encoding, k taken over the canonical one. */
function reencoded(): Case[] {
  const r = mixed("nonce", 0n);
  const message = utf8("anamnesis reencoded");
  return smallOrder()
    .filter(({ name }) => name.includes("not canonical"))
    .map((a) => {
      const canonical = TORSION.multiplyUnsafe(a.torsion).toBytes();
      const s = mod(r.scalar + challenge(r.bytes, canonical, message) * a.scalar, L);
      const why = `A ${a.name}: k over its canonical encoding`;
      return written(why, a.bytes, message, concat(r.bytes, le(s)), false);
    });
}

/** The same signature with S written as S + nL, and S that are no scalars at all. */
function scalars(): Case[] {
  const [a, r] = [mixed("key", 0n), mixed("nonce", 0n)];
  const message = utf8("anamnesis S");
  const s = os2ip(signatureFor(a, r, message).subarray(32).toReversed());
  const others: [string, bigint][] = [
    ["S + L", s + L],
    ["S + 2L", s + 2n * L],
    ["S + 8L", s + 8n * L],
    ["S + 14L", s + 14n * L],
    ["S = 0", 0n],
    ["S = L", L],
    ["S = L - S", L - s],
    ["S = 2^252", 2n ** 252n],
    ["S with the top bit set", s | (1n << 255n)],
    ["S = 2^256 - 1", 2n ** 256n - 1n],
  ];
  return others.map(([why, other]) =>
    written(why, a.bytes, message, concat(r.bytes, le(other)), false),
  );
}

/** Bytes with y of p or more that stand for points of large order, and bytes that stand for no point. */
function otherEncodings(): Case[] {
  const [a, r] = [mixed("key", 0n), mixed("nonce", 0n)];
  const message = utf8("anamnesis encodings");
  const s = signatureFor(a, r, message).subarray(32);
  const isPoint = (y: bigint): boolean => {
    try {
      Point.fromBytes(le(y));
      return true;
    } catch {
      return false;
    }
  };
  const ys = Array.from({ length: 17 }, (_, i) => BigInt(i + 2)).filter((y) => y < 19n);
  const noncanonical = ys.filter(isPoint).map((y) => ["y above p", le(y + P)] as const);
  const none = ys
    .filter((y) => !isPoint(y))
    .slice(0, 3)
    .map((y) => ["no point of the curve", le(y)] as const);
  const ones = ["all bits set", new Uint8Array(32).fill(0xff)] as const;
  return [...noncanonical, ...none, ones].flatMap(([why, bytes]) => [
    written(`A: ${why}`, bytes, message, concat(r.bytes, s), false),
    written(`R: ${why}`, a.bytes, message, concat(bytes, s), false),
  ]);
}

/** Honest signatures, and one thing changed. */
function honest(): Case[] {
  const [a, r, stranger] = [mixed("key", 0n), mixed("nonce", 0n), mixed("stranger", 0n)];
  const sizes = [0, 1, 32, 111, 112, 127, 128, 1023].map((size) => {
    const message = Uint8Array.from({ length: size }, (_, i) => i & 0xff);
    return written(`honest, ${size} bytes`, a.bytes, message, signatureFor(a, r, message), true);
  });
  const message = utf8("anamnesis");
  const signature = signatureFor(a, r, message);
  const flipped = [0, 255, 256, 400, 507].map((bit) =>
    written(
      `bit ${bit} of the signature flipped`,
      a.bytes,
      message,
      signature.with(bit >> 3, (signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))),
      false,
    ),
  );
  return [
    ...sizes,
    ...flipped,
    written("another message", a.bytes, utf8("anamnesiS"), signature, false),
    written(
      "the message and a zero byte",
      a.bytes,
      concat(message, Uint8Array.of(0)),
      signature,
      false,
    ),
    written("another key", stranger.bytes, message, signature, false),
    written("R and S swapped", a.bytes, message, concat(signature.subarray(32), r.bytes), false),
    written("no signature", a.bytes, message, new Uint8Array(0), false),
    written("a signature of zeros", a.bytes, message, new Uint8Array(64), false),
    written("a signature of 63 bytes", a.bytes, message, signature.subarray(0, 63), false),
    written("a signature of 65 bytes", a.bytes, message, concat(signature, fromHex("00")), false),
    written("a key of 31 bytes", a.bytes.subarray(0, 31), message, signature, false),
    written("a key of 33 bytes", concat(a.bytes, fromHex("00")), message, signature, false),
    written("a key of zeros", new Uint8Array(32), message, signature, false),
  ];
}

/** What stands in tests/vectors/ed25519-edges.json. */
export function makeEd25519(): { source: string; vectors: Ed25519Vector[] } {
  const cases = [...honest(), ...scalars(), ...otherEncodings(), ...reencoded(), ...pairs()];
  return {
    source:
      "Made by packages/crypto/vectors/makeEd25519.ts after RFC 8032 5.1.7 and the rules that C2SP CCTV (ed25519) and Wycheproof exercise; raw messages, no domain separation",
    vectors: cases.map((each, id) => ({ id, ...each })),
  };
}
