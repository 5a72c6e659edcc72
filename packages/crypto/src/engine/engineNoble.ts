import { bls12_381 } from "@noble/curves/bls12-381.js";
import type { CurveEngine, G1, G2, Gt } from "./curveEngine.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { assertCanonicalGt } from "./gtEncoding.ts";
import { BYTES, GROUP_ORDER } from "../suite.ts";

const G1Point = bls12_381.G1.Point;
const G2Point = bls12_381.G2.Point;
const { Fp12 } = bls12_381.fields;

type NobleG1 = typeof G1Point.BASE;
type NobleG2 = typeof G2Point.BASE;
type NobleGt = typeof Fp12.ONE;

const g1Of = (point: G1): NobleG1 => point as unknown as NobleG1;
const g2Of = (point: G2): NobleG2 => point as unknown as NobleG2;
const gtOf = (element: Gt): NobleGt => element as unknown as NobleGt;
const asG1 = (point: NobleG1): G1 => point as unknown as G1;
const asG2 = (point: NobleG2): G2 => point as unknown as G2;
const asGt = (element: NobleGt): Gt => element as unknown as Gt;

/** noble refuses the scalar zero. */
function multiplyG1(point: NobleG1, scalar: bigint): NobleG1 {
  return scalar === 0n ? G1Point.ZERO : point.multiply(scalar);
}

function decode<T extends { is0(): boolean }>(
  read: (bytes: Uint8Array) => T,
  bytes: Uint8Array,
  length: number,
): T {
  expectLength("point", bytes, length, "E_FORMAT");
  let point: T;
  try {
    // On the curve and in the subgroup, or it throws.
    point = read(bytes);
  } catch (cause) {
    throw new CryptoError("E_SUBGROUP", "Cannot use point, want one of the prime-order subgroup", {
      cause,
    });
  }
  if (point.is0()) throw new CryptoError("E_SUBGROUP", "Cannot use point, the identity is refused");
  return point;
}

/** BLS12-381 by noble-curves: readable and audited, five to ten times slower; the oracle of the cross-engine tests. */
export const nobleEngine: CurveEngine = {
  name: "noble",
  init: () => Promise.resolve(),

  g1Base: () => asG1(G1Point.BASE),
  g2Base: () => asG2(G2Point.BASE),
  g1Decode: (bytes) => asG1(decode((b) => G1Point.fromBytes(b), bytes, BYTES.g1)),
  g2Decode: (bytes) => asG2(decode((b) => G2Point.fromBytes(b), bytes, BYTES.g2)),
  g1Encode: (point) => g1Of(point).toBytes(true),
  g2Encode: (point) => g2Of(point).toBytes(true),

  g1Add: (left, right) => asG1(g1Of(left).add(g1Of(right))),
  g1Negate: (point) => asG1(g1Of(point).negate()),
  g1Multiply: (point, scalar) => asG1(multiplyG1(g1Of(point), scalar)),
  g2Add: (left, right) => asG2(g2Of(left).add(g2Of(right))),
  g2Multiply: (point, scalar) => asG2(scalar === 0n ? G2Point.ZERO : g2Of(point).multiply(scalar)),
  g1MultiplySum(terms) {
    const sum = terms.reduce(
      (left, [p, scalar]) => left.add(multiplyG1(g1Of(p), scalar)),
      G1Point.ZERO,
    );
    return asG1(sum);
  },

  hashToG1: (message, dst) =>
    asG1(G1Point.fromAffine(bls12_381.G1.hashToCurve(message, { DST: dst }).toAffine())),

  pairing: (left, right) => asGt(bls12_381.pairing(g1Of(left), g2Of(right))),
  pairingProduct: (pairs) =>
    asGt(bls12_381.pairingBatch(pairs.map(([p, q]) => ({ g1: g1Of(p), g2: g2Of(q) })))),

  gtDecode(bytes) {
    assertCanonicalGt(bytes);
    return asGt(Fp12.fromBytes(bytes));
  },
  gtEncode: (element) => Fp12.toBytes(gtOf(element)),
  gtOne: () => asGt(Fp12.ONE),
  gtMultiply: (left, right) => asGt(Fp12.mul(gtOf(left), gtOf(right))),
  gtConjugate: (element) => asGt(Fp12.conjugate(gtOf(element))),
  gtPower: (element, scalar) => asGt(Fp12.pow(gtOf(element), scalar)),
  gtPowerUnchecked: (element, scalar) => asGt(Fp12.pow(gtOf(element), scalar)),
  gtEqual: (left, right) => Fp12.eql(gtOf(left), gtOf(right)),
  gtHasOrder: (element) => Fp12.eql(Fp12.pow(gtOf(element), GROUP_ORDER), Fp12.ONE),
};
