import type { G1, Gt } from "../engine/curveEngine.ts";
import { CryptoError } from "../errors.ts";
import { curve } from "../engine/ready.ts";

/** How a grant is shared: any k of n proxies. */
export interface Threshold {
  readonly k: number;
  readonly n: number;
}

/** Largest n: the exponents of {@link combineExponents} stay small. */
export const PROXIES_MAX = 10;

/** @throws {CryptoError} `E_ARGUMENT` unless 1 <= k <= n <= 10. */
export function assertThreshold({ k, n }: Threshold): void {
  if (!Number.isInteger(k) || !Number.isInteger(n) || k < 1 || k > n || n > PROXIES_MAX) {
    throw new CryptoError(
      "E_ARGUMENT",
      `Cannot share ${k} of ${n}, want 1 <= k <= n <= ${PROXIES_MAX}`,
    );
  }
}

/** D = (n - 1)!: what the dealt secret is divided by, so that every D * lambda_i is an integer. */
export function commonDenominator(n: number): bigint {
  let product = 1n;
  for (let i = 2n; i < BigInt(n); i += 1n) product *= i;
  return product;
}

/**
 * D * lambda_i for each index of the set, in its order: signed integers, at most 24 in size for 3 of 4.
 *
 * lambda_i = prod over j != i of j / (j - i); the product of |j - i| divides (i - 1)! (n - i)!, which divides (n - 1)!.
 */
export function combineExponents(indices: readonly number[], n: number): bigint[] {
  const denominator = commonDenominator(n);
  return indices.map((i) => {
    let above = denominator;
    let below = 1n;
    for (const j of indices) {
      if (j === i) continue;
      above *= BigInt(j);
      below *= BigInt(j - i);
    }
    return above / below;
  });
}

/** The sharing polynomial's value at i in the group, by Horner's rule: sum of i^j * coefficients[j]. */
export function evaluateShare(coefficients: readonly G1[], i: number): G1 {
  const engine = curve();
  return coefficients.reduceRight((sum, next) => engine.g1Add(multiplySmall(sum, i), next));
}

/** Y_i = product of V_j^(i^j), by Horner's rule; elements need not have order q. */
export function evaluateCommitment(commitments: readonly Gt[], i: number): Gt {
  const engine = curve();
  return commitments.reduceRight((product, next) =>
    engine.gtMultiply(engine.gtPowerUnchecked(product, BigInt(i)), next),
  );
}

/** A few doublings and additions: far cheaper than a full multiplication. */
function multiplySmall(point: G1, scalar: number): G1 {
  const engine = curve();
  let sum = point;
  for (const bit of scalar.toString(2).slice(1)) {
    sum = engine.g1Add(sum, sum);
    if (bit === "1") sum = engine.g1Add(sum, point);
  }
  return sum;
}

/** All subsets of `size` items, in order. */
export function* subsets<T>(items: readonly T[], size: number): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (const [position, item] of items.entries()) {
    for (const rest of subsets(items.slice(position + 1), size - 1)) yield [item, ...rest];
  }
}
