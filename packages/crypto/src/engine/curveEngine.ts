/**
 * The curve engine: BLS12-381 behind one small interface, so that two independent implementations can serve it and
 * check each other byte for byte.
 *
 * G1 and G2 are written additively, GT multiplicatively. Elements are opaque and belong to the engine that made them.
 * Scalars are bigints mod q; no engine here promises constant time, so long-term secret scalars are split first
 * (`seedKeys.ts`) and never leave their owner's device.
 */
declare const group: unique symbol;

export interface G1 {
  readonly [group]: "G1";
}
export interface G2 {
  readonly [group]: "G2";
}
export interface Gt {
  readonly [group]: "GT";
}

export type Pair = readonly [G1, G2];

export interface CurveEngine {
  readonly name: "mcl" | "noble";
  /** Loads the engine. Idempotent. */
  init(): Promise<void>;

  g1Base(): G1;
  g2Base(): G2;

  /**
   * Decodes a compressed point (48 or 96 bytes, draft-irtf-cfrg-pairing-friendly-curves App. C).
   *
   * @throws {CryptoError} `E_SUBGROUP` for non-canonical x, wrong flag bits, points off the curve or outside the
   * subgroup of order q, and the identity; `E_FORMAT` for another length.
   */
  g1Decode(bytes: Uint8Array): G1;
  g2Decode(bytes: Uint8Array): G2;
  g1Encode(point: G1): Uint8Array;
  g2Encode(point: G2): Uint8Array;

  g1Add(left: G1, right: G1): G1;
  g1Negate(point: G1): G1;
  /** `scalar` in 0..q-1. */
  g1Multiply(point: G1, scalar: bigint): G1;
  g2Add(left: G2, right: G2): G2;
  g2Multiply(point: G2, scalar: bigint): G2;
  /** Sum of `scalar * point`; at least one pair. */
  g1MultiplySum(terms: readonly (readonly [G1, bigint])[]): G1;

  /** BLS12381G1_XMD:SHA-256_SSWU_RO_ of RFC 9380 under our own DST. */
  hashToG1(message: Uint8Array, dst: string): G1;

  pairing(left: G1, right: G2): Gt;
  /** Product of pairings with one final exponentiation; at least one pair. */
  pairingProduct(pairs: readonly Pair[]): Gt;

  /**
   * Decodes 576 bytes: c0 before c1 throughout, each Fp 48 bytes big-endian. The order is not checked, see
   * {@link gtHasOrder}.
   *
   * @throws {CryptoError} `E_SUBGROUP` for coefficients of p or more, zero and one; `E_FORMAT` for another length.
   */
  gtDecode(bytes: Uint8Array): Gt;
  gtEncode(element: Gt): Uint8Array;
  gtOne(): Gt;
  gtMultiply(left: Gt, right: Gt): Gt;
  /** The inverse of an element of order q, and of no other. */
  gtConjugate(element: Gt): Gt;
  /** `scalar` in 0..q-1; `element` must have order q. */
  gtPower(element: Gt, scalar: bigint): Gt;
  /** Like {@link gtPower} for any element of Fp12, at twice the cost. */
  gtPowerUnchecked(element: Gt, scalar: bigint): Gt;
  gtEqual(left: Gt, right: Gt): boolean;
  /** Whether element^q is one. */
  gtHasOrder(element: Gt): boolean;
}
