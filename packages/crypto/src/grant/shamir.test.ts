import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { at } from "../encoding/at.ts";
import { assertThreshold, combineExponents, commonDenominator, subsets } from "./shamir.ts";

test("combineExponents() gives D times the Lagrange coefficients for every set, gaps or not", () => {
  const index = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(
      fc.uniqueArray(index, { minLength: 1, maxLength: 7 }),
      fc.bigInt({ min: -50n, max: 50n }),
      (indices, secret) => {
        for (let size = 1; size <= indices.length; size += 1) {
          // The polynomial secret + x + x^2 + ... of degree size - 1, read at the set's indices.
          const powers = Array.from({ length: size - 1 }, (_, i) => BigInt(i + 1));
          const value = (x: number): bigint =>
            powers.reduce((sum, power) => sum + BigInt(x) ** power, secret);
          for (const chosen of subsets(indices, size)) {
            const exponents = combineExponents(chosen, indices);
            const sum = chosen.reduce((total, x, i) => total + at(exponents, i) * value(x), 0n);
            assert.equal(sum, commonDenominator(indices) * secret);
          }
        }
      },
    ),
    { numRuns: 30, seed: 3 },
  );
});

test("commonDenominator() is the factorial below the largest index, whoever else is there", () => {
  const rows: readonly [readonly number[], bigint][] = [
    [[1], 1n],
    [[1, 2], 1n],
    [[4, 1, 2, 3], 6n],
    [[2, 9], 40_320n],
    [[16], 1_307_674_368_000n],
  ];
  for (const [indices, denominator] of rows) assert.equal(commonDenominator(indices), denominator);
});

test("assertThreshold() takes k distinct indices of 1 to 16 or more, and nothing else", () => {
  const rows: readonly [number, readonly number[], boolean][] = [
    [1, [1], true],
    [2, [16, 1], true],
    [3, [1, 2, 3], true],
    [0, [1], false],
    [2, [1], false],
    [1, [], false],
    [0, [], false],
    [1.5, [1, 2], false],
    [1, [0, 1], false],
    [1, [1, 17], false],
    [1, [1, 1.5], false],
    [1, [2, 2], false],
  ];
  for (const [k, indices, isTaken] of rows) {
    const check = () => assertThreshold({ k, indices });
    if (isTaken) check();
    else assert.throws(check, { code: "E_ARGUMENT" }, `${k} of ${indices.join()}`);
  }
});

test("subsets() gives every subset of a size once", () => {
  const of = (size: number) => [...subsets(["a", "b", "c"], size)].map((each) => each.join(""));
  assert.deepEqual(
    [of(0), of(1), of(2), of(3), of(4)],
    [[""], ["a", "b", "c"], ["ab", "ac", "bc"], ["abc"], []],
  );
});
