import { gcmSeal } from "../primitives/aesGcm.ts";
import { mlKemEncapsulate } from "./mlKem.ts";
import { concat, enc, os2ip, xor } from "../encoding/bytes.ts";
import { hashToScalar, kdf, randomBytes, sha256 } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import type { G1, G2, Pair } from "../engine/curveEngine.ts";
import { expectLength } from "../errors.ts";
import { curve } from "../engine/ready.ts";
import { BYTES, DST } from "../suite.ts";

/** The five parts of a capsule C1 || C2 || C3 || ct_pq || W, 1312 bytes. */
export interface CapsuleParts {
  readonly c1: Uint8Array;
  readonly c2: Uint8Array;
  readonly c3: Uint8Array;
  readonly ctPq: Uint8Array;
  readonly w: Uint8Array;
}

/** A capsule with what it is bound to. */
export interface CapsuleCheck {
  /** 1312 bytes. */
  readonly capsule: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
  /** SHA-256 of the record's header, 32 bytes. */
  readonly ctx: Uint8Array;
}

/** What {@link wrapKeyFor} depends on. */
export interface KekBinding {
  readonly parts: Omit<CapsuleParts, "c3" | "w">;
  readonly tag: Uint8Array;
  readonly A: Uint8Array;
  readonly ekTag: Uint8Array;
  readonly ctx: Uint8Array;
}

export const ZERO_NONCE: Uint8Array = new Uint8Array(BYTES.gcmNonce);

/**
 * Encapsulates a content key for one tag of a patient: the pairing KEM and ML-KEM-768, combined.
 *
 * C1 = rho*P2, K = e(rho*H_tag(tag), A), C2 = sigma xor KDF(K), C3 = rho*H_bind(...), W = AES-256-GCM(KEK, DEK, ctx).
 *
 * @param input.A - The patient's public key for this institution, 96 bytes.
 * @param input.ekTag - ML-KEM-768 encapsulation key of the tag, 1184 bytes.
 * @returns The capsule, 1312 bytes, and the ML-KEM shared secret in it, from which the label's key comes.
 * @throws {CryptoError} `E_SUBGROUP` for a bad A; `E_FORMAT` for an encapsulation key that fails FIPS 203 7.2.
 */
export async function encapsulate(
  input: {
    readonly A: Uint8Array;
    readonly ekTag: Uint8Array;
    readonly tag: Uint8Array;
    readonly ctx: Uint8Array;
    readonly contentKey: Uint8Array;
  },
  random: RandomSource = randomBytes,
): Promise<{ readonly capsule: Uint8Array; readonly secret: Uint8Array }> {
  const { A, ekTag, tag, ctx } = input;
  expectLength("tag", tag, BYTES.tag);
  expectLength("content key", input.contentKey, 32);
  const engine = curve();
  const publicKey = engine.g2Decode(A);
  const sigma = random(32);
  const { ct: ctPq, secret } = mlKemEncapsulate(ekTag, random(32));
  const rho = fujisakiOkamotoScalar({ sigma, A, tag, ctx, ctPq });
  const c1 = engine.g2Encode(engine.g2Multiply(engine.g2Base(), rho));
  const key = engine.pairing(engine.g1Multiply(hashTag(tag), rho), publicKey);
  const c2 = xor(sigma, maskFor({ key: engine.gtEncode(key), c1, tag, A }));
  const c3 = engine.g1Encode(engine.g1Multiply(hashBind({ c1, c2, ctPq }, { tag, ctx }), rho));
  const kek = wrapKeyFor(concat(sigma, secret), {
    parts: { c1, c2, ctPq },
    tag,
    A,
    ekTag,
    ctx,
  });
  const w = await gcmSeal({ key: kek, nonce: ZERO_NONCE, aad: ctx, data: input.contentKey });
  return { capsule: concat(c1, c2, c3, ctPq, w), secret };
}

/**
 * The public check of a capsule: e(C3, P2) == e(H_bind(enc(tag, C1, C2, ct_pq, ctx)), C1).
 *
 * Whoever passes it made C1 for this very tag and header, so proxies are no pairing oracle. W is outside: the record's
 * digest covers it.
 *
 * @returns `false` if well-formed input fails the equation.
 * @throws {CryptoError} `E_FORMAT` for wrong lengths, `E_SUBGROUP` for bad points.
 */
export function checkCapsule({ capsule, tag, ctx }: CapsuleCheck): boolean {
  return checkedC1({ capsule, tag, ctx }) !== undefined;
}

/** {@link checkCapsule}, giving the decoded C1 of a capsule that passes. */
export function checkedC1(check: CapsuleCheck): G2 | undefined {
  return checkedC1s([check])?.[0];
}

/**
 * {@link checkCapsule} of several at once, giving their C1 if all pass: by a random linear combination with weights of 128
 * bits, e(sum r*C3, P2) == prod e(r*H_bind, C1). One final exponentiation serves them all.
 *
 * @returns `undefined` if one fails; which is not looked for.
 * @throws {CryptoError} `E_FORMAT`, `E_SUBGROUP` as {@link checkCapsule}.
 */
export function checkedC1s(
  checks: readonly CapsuleCheck[],
  random: RandomSource = randomBytes,
): readonly G2[] | undefined {
  const engine = curve();
  const read = checks.map(({ capsule, tag, ctx }, i) => {
    expectLength("tag", tag, BYTES.tag, "E_FORMAT");
    expectLength("ctx", ctx, BYTES.hash, "E_FORMAT");
    const parts = splitCapsule(capsule);
    const c1 = engine.g2Decode(parts.c1);
    const c3 = engine.g1Decode(parts.c3);
    const bound = engine.g1Negate(hashBind(parts, { tag, ctx }));
    // Only the others' weights matter to the first's.
    return { c1, c3, bound, weight: i === 0 ? 1n : 1n + os2ip(random(16)) };
  });
  const [first, ...others] = read;
  if (first === undefined) return [];
  const c3 =
    others.length === 0
      ? first.c3
      : engine.g1MultiplySum(read.map(({ c3: point, weight }) => [point, weight] as const));
  const product = engine.pairingProduct([
    [first.bound, first.c1],
    ...others.map(({ bound, c1, weight }): Pair => [engine.g1Multiply(bound, weight), c1]),
    [c3, engine.g2Base()],
  ]);
  return engine.gtEqual(product, engine.gtOne()) ? read.map(({ c1 }) => c1) : undefined;
}

/** @throws {CryptoError} `E_FORMAT` unless the capsule is 1312 bytes. */
export function splitCapsule(capsule: Uint8Array): CapsuleParts {
  expectLength("capsule", capsule, BYTES.capsule, "E_FORMAT");
  return {
    c1: capsule.subarray(0, 96),
    c2: capsule.subarray(96, 128),
    c3: capsule.subarray(128, 176),
    ctPq: capsule.subarray(176, 1264),
    w: capsule.subarray(1264),
  };
}

/** H_tag(tag) in G1. */
export function hashTag(tag: Uint8Array): G1 {
  return curve().hashToG1(tag, DST.tag);
}

/** H_bind(enc(tag, C1, C2, ct_pq, ctx)) in G1. */
export function hashBind(
  { c1, c2, ctPq }: Pick<CapsuleParts, "c1" | "c2" | "ctPq">,
  { tag, ctx }: { readonly tag: Uint8Array; readonly ctx: Uint8Array },
): G1 {
  return curve().hashToG1(enc(tag, c1, c2, ctPq, ctx), DST.bind);
}

/** rho = HS("fo", enc(sigma, A, tag, ctx, ct_pq)). */
export function fujisakiOkamotoScalar(input: {
  readonly sigma: Uint8Array;
  readonly A: Uint8Array;
  readonly tag: Uint8Array;
  readonly ctx: Uint8Array;
  readonly ctPq: Uint8Array;
}): bigint {
  return hashToScalar("fo", enc(input.sigma, input.A, input.tag, input.ctx, input.ctPq));
}

/** KDF(GT(K), "mask", enc(C1, tag, A), 32). */
export function maskFor(input: {
  readonly key: Uint8Array;
  readonly c1: Uint8Array;
  readonly tag: Uint8Array;
  readonly A: Uint8Array;
}): Uint8Array {
  return kdf(input.key, "mask", enc(input.c1, input.tag, input.A), 32);
}

/** KEK = KDF(sigma || s_pq, "kek", enc(C1, C2, ct_pq, tag, A, SHA-256(ek_tag), ctx), 32). */
export function wrapKeyFor(
  secrets: Uint8Array,
  { parts, tag, A, ekTag, ctx }: KekBinding,
): Uint8Array {
  return kdf(secrets, "kek", enc(parts.c1, parts.c2, parts.ctPq, tag, A, sha256(ekTag), ctx), 32);
}
