import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { combineExponents, commonDenominator, subsets } from "./shamir.ts";

test("combineExponents() gives D times the Lagrange coefficients for every set", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), fc.bigInt({ min: -50n, max: 50n }), (n, secret) => {
      const indices = Array.from({ length: n }, (_, i) => i + 1);
      for (const size of indices) {
        // The polynomial secret + x + x^2 + ... of degree size - 1, read at the set's indices.
        const value = (x: number): bigint =>
          indices
            .slice(0, size - 1)
            .reduce((sum, power) => sum + BigInt(x) ** BigInt(power), secret);
        for (const chosen of subsets(indices, size)) {
          const exponents = combineExponents(chosen, n);
          const sum = chosen.reduce((total, x, i) => total + (exponents[i] ?? 0n) * value(x), 0n);
          assert.equal(sum, commonDenominator(n) * secret);
        }
      }
    }),
    { numRuns: 20, seed: 3 },
  );
});
