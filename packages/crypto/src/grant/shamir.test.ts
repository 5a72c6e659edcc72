import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { at } from "../encoding/at.ts";
import { combineExponents, commonDenominator, subsets } from "./shamir.ts";

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
