import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import fc from "fast-check";
import { fromHex, i2osp, toHex, utf8 } from "../encoding/bytes.ts";
import type { CurveEngine } from "./curveEngine.ts";
import { mclEngine as mcl } from "./engineMcl.ts";
import { nobleEngine as noble } from "./engineNoble.ts";
import { flipBit, replaceAt } from "@anamnesis/testing/cryptoParties";
import { DST, GROUP_ORDER } from "../suite.ts";

const ENGINES: readonly CurveEngine[] = [mcl, noble];
const FIELD_PRIME = bls12_381.fields.Fp.ORDER;
const scalar = fc.bigInt({ min: 1n, max: GROUP_ORDER - 1n });

before(async () => {
  for (const engine of ENGINES) await engine.init();
});

/** One engine's answer, which must be the other's, byte for byte. */
function agree(compute: (engine: CurveEngine) => Uint8Array): Uint8Array {
  const [left, right] = ENGINES.map(compute);
  assert.ok(left !== undefined && right !== undefined);
  assert.equal(toHex(left), toHex(right));
  return left;
}

suite("both engines", () => {
  test("hash to G1 alike under every domain separation tag", () => {
    for (const dst of Object.values(DST)) {
      for (const message of ["", "abc", "a".repeat(1500)]) {
        agree((engine) => engine.g1Encode(engine.hashToG1(utf8(message), dst)));
      }
    }
  });

  test("multiply, add and negate alike", () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        const g1 = agree((e) => e.g1Encode(e.g1Multiply(e.g1Base(), a)));
        const g2 = agree((e) => e.g2Encode(e.g2Multiply(e.g2Base(), b)));
        agree((e) => e.g1Encode(e.g1Add(e.g1Decode(g1), e.g1Multiply(e.g1Base(), b))));
        agree((e) => e.g2Encode(e.g2Add(e.g2Decode(g2), e.g2Multiply(e.g2Base(), a))));
        agree((e) => e.g1Encode(e.g1Negate(e.g1Decode(g1))));
        agree((e) =>
          e.g1Encode(
            e.g1MultiplySum([
              [e.g1Decode(g1), b],
              [e.g1Base(), a],
            ]),
          ),
        );
      }),
      { numRuns: 4, seed: 1 },
    );
  });

  test("pair, multiply and take powers alike", () => {
    fc.assert(
      fc.property(scalar, scalar, (a, b) => {
        const p = noble.g1Encode(noble.g1Multiply(noble.g1Base(), a));
        const q = noble.g2Encode(noble.g2Multiply(noble.g2Base(), b));
        const z = agree((e) => e.gtEncode(e.pairing(e.g1Decode(p), e.g2Decode(q))));
        agree((e) => e.gtEncode(e.pairing(e.g1Decode(p), e.g2Base())));
        agree((e) =>
          e.gtEncode(
            e.pairingProduct([
              [e.g1Base(), e.g2Decode(q)],
              [e.g1Decode(p), e.g2Base()],
            ]),
          ),
        );
        agree((e) =>
          e.gtEncode(
            e.pairingProduct([
              [e.g1Base(), e.g2Base()],
              [e.g1Decode(p), e.g2Decode(q)],
              [e.g1Decode(p), e.g2Base()],
            ]),
          ),
        );
        agree((e) =>
          e.gtEncode(
            e.pairingProduct([
              [e.g1Base(), e.g2Base()],
              [e.g1Decode(p), e.g2Decode(q)],
            ]),
          ),
        );
        agree((e) => e.gtEncode(e.gtPower(e.gtDecode(z), a)));
        agree((e) => e.gtEncode(e.gtPowerUnchecked(e.gtDecode(z), 24n)));
        agree((e) =>
          e.gtEncode(e.gtMultiply(e.gtDecode(z), e.gtConjugate(e.gtPower(e.gtDecode(z), b)))),
        );
      }),
      { numRuns: 2, seed: 2 },
    );
  });

  test("multiply by the least and the greatest scalar alike", () => {
    for (const n of [0n, 1n, GROUP_ORDER - 1n]) {
      agree((e) => e.g1Encode(e.g1Multiply(e.g1Base(), n)));
      agree((e) => e.g2Encode(e.g2Multiply(e.g2Base(), n)));
      agree((e) =>
        e.g1Encode(
          e.g1MultiplySum([
            [e.g1Base(), n],
            [e.g1Base(), 0n],
          ]),
        ),
      );
    }
  });

  test("pair bilinearly", () => {
    for (const e of ENGINES) {
      const left = e.pairing(e.g1Multiply(e.g1Base(), 6n), e.g2Multiply(e.g2Base(), 7n));
      assert.ok(e.gtEqual(left, e.gtPower(e.pairing(e.g1Base(), e.g2Base()), 42n)));
    }
  });

  test("hold products of more pairs than fit one call", () => {
    for (const length of [16, 32, 40]) {
      const pairs = Array.from(
        { length },
        (_, i) => [mcl.g1Multiply(mcl.g1Base(), BigInt(i + 1)), mcl.g2Base()] as const,
      );
      const sum = BigInt((length * (length + 1)) / 2);
      const want = mcl.gtPower(mcl.pairing(mcl.g1Base(), mcl.g2Base()), sum);
      assert.ok(mcl.gtEqual(mcl.pairingProduct(pairs), want));
    }
  });

  test("hash as often as one likes: each hash gives its memory back", () => {
    const message = new Uint8Array(100_000);
    for (let i = 0; i < 100; i += 1) mcl.hashToG1(message, DST.bind);
  });

  test("refuse to pair nothing", () => {
    assert.throws(() => mcl.pairingProduct([]), { code: "E_ARGUMENT" });
  });

  test("hold sums of more terms than fit one call", () => {
    for (const length of [32, 64, 150]) {
      const terms = Array.from({ length }, (_, i) => [mcl.g1Base(), BigInt(i)] as const);
      const sum = BigInt((length * (length - 1)) / 2);
      assert.deepEqual(
        mcl.g1Encode(mcl.g1MultiplySum(terms)),
        mcl.g1Encode(mcl.g1Multiply(mcl.g1Base(), sum)),
      );
    }
  });
});

/** A point on the curve but outside the subgroup: the first x that gives one. */
function outsideSubgroup(Point: typeof bls12_381.G1.Point): Uint8Array {
  for (let x = 1n; ; x += 1n) {
    const bytes = i2osp(x, 48);
    bytes[0] = (bytes[0] ?? 0) | 0x80;
    try {
      const point = Point.fromBytes(bytes);
      if (!point.isTorsionFree()) return bytes;
    } catch (error) {
      if (/subgroup|prime/i.test(String(error))) return bytes;
    }
  }
}

suite("points", () => {
  const base1 = bls12_381.G1.Point.BASE.toBytes(true);
  const base2 = bls12_381.G2.Point.BASE.toBytes(true);
  const withFlags = (bytes: Uint8Array, flags: number): Uint8Array =>
    replaceAt(bytes, 0, Uint8Array.of(((bytes[0] ?? 0) & 0x1f) | flags));
  const identity1 = withFlags(new Uint8Array(48), 0xc0);
  const identity2 = withFlags(new Uint8Array(96), 0xc0);
  const beyond = withFlags(
    i2osp(bls12_381.G1.Point.BASE.toAffine().x + FIELD_PRIME, 49).subarray(1),
    0x80,
  );

  for (const engine of ENGINES) {
    const refuse1 = (bytes: Uint8Array, code = "E_SUBGROUP"): void =>
      assert.throws(() => engine.g1Decode(bytes), { code }, toHex(bytes));
    const refuse2 = (bytes: Uint8Array, code = "E_SUBGROUP"): void =>
      assert.throws(() => engine.g2Decode(bytes), { code }, toHex(bytes));

    test(`${engine.name} refuses every bad G1 point`, () => {
      assert.deepEqual(engine.g1Encode(engine.g1Decode(base1)), base1);
      refuse1(identity1);
      refuse1(withFlags(identity1, 0xe0));
      refuse1(flipBit(identity1, 8 * 47));
      refuse1(base1.subarray(1), "E_FORMAT");
      refuse1(withFlags(base1, 0x00));
      refuse1(withFlags(base1, 0x20));
      refuse1(withFlags(base1, 0xc0));
      refuse1(offCurve(base1, (bytes) => bls12_381.G1.Point.fromBytes(bytes)));
      refuse1(outsideSubgroup(bls12_381.G1.Point));
      refuse1(beyond);
      refuse1(withFlags(i2osp(FIELD_PRIME, 48), 0x80));
      refuse1(new Uint8Array(48).fill(0xff));
    });

    test(`${engine.name} refuses every bad G2 point`, () => {
      assert.deepEqual(engine.g2Encode(engine.g2Decode(base2)), base2);
      refuse2(identity2);
      refuse2(flipBit(identity2, 8 * 95));
      refuse2(base2.subarray(1), "E_FORMAT");
      refuse2(withFlags(base2, 0x00));
      refuse2(withFlags(base2, 0xc0));
      refuse2(offCurve(base2, (bytes) => bls12_381.G2.Point.fromBytes(bytes)));
      refuse2(fromHex(G2_OUTSIDE));
      refuse2(replaceAt(base2, 48, i2osp(FIELD_PRIME, 48)));
    });

    test(`${engine.name} refuses GT elements that are none`, () => {
      const z = engine.gtEncode(engine.pairing(engine.g1Base(), engine.g2Base()));
      const one = new Uint8Array(576);
      one[47] = 1;
      const refuse = (bytes: Uint8Array, code: string): void =>
        assert.throws(() => engine.gtDecode(bytes), { code });
      refuse(one, "E_SUBGROUP");
      refuse(new Uint8Array(576), "E_SUBGROUP");
      refuse(z.subarray(0, 575), "E_FORMAT");
      for (let i = 0; i < 12; i += 1)
        refuse(replaceAt(z, 48 * i, i2osp(FIELD_PRIME, 48)), "E_SUBGROUP");
      assert.equal(engine.gtHasOrder(engine.gtDecode(z)), true);
      assert.equal(engine.gtHasOrder(engine.gtDecode(flipBit(z, 0))), false);
      const minusOne = replaceAt(new Uint8Array(576), 0, i2osp(FIELD_PRIME - 1n, 48));
      assert.equal(engine.gtHasOrder(engine.gtDecode(minusOne)), false);
      // Next to zero and one, but neither: read, and of another order.
      for (const [at, byte] of [
        [47, 2],
        [46, 1],
        [48, 1],
        [95, 1],
        [575, 1],
      ] as const) {
        const near = replaceAt(new Uint8Array(576), at, Uint8Array.of(byte));
        assert.deepEqual(engine.gtEncode(engine.gtDecode(near)), near);
        assert.equal(engine.gtHasOrder(engine.gtDecode(near)), false);
      }
    });
  }
});

/** The first x above the given one that is on no point. */
function offCurve(bytes: Uint8Array, decode: (bytes: Uint8Array) => unknown): Uint8Array {
  for (let step = 1; ; step += 1) {
    const last = bytes.length - 1;
    const candidate = replaceAt(bytes, last, Uint8Array.of(((bytes[last] ?? 0) + step) & 0xff));
    try {
      decode(candidate);
    } catch (error) {
      if (/square|sqrt|Cannot find/i.test(String(error))) return candidate;
    }
  }
}

/** x = 2 + 0*i: on the curve over Fp2, order not q. */
const G2_OUTSIDE = `80${"00".repeat(94)}02`;
