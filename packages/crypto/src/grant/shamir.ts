import type { G1, Gt } from "../engine/curveEngine.ts";
import { CryptoError } from "../errors.ts";
import { curve } from "../engine/ready.ts";

/** How a grant is shared: any k of the proxies with these indices. */
export interface Threshold {
  readonly k: number;
  /** Distinct, 1 or more; not every index up to the largest need be there. */
  readonly indices: readonly number[];
}

/** Largest index: the exponents of {@link combineExponents} stay small. */
const INDEX_MAX = 16;

/** @throws {CryptoError} `E_ARGUMENT` unless there are at least k distinct indices of 1 to 16. */
export function assertThreshold({ k, indices }: Threshold): void {
  const isIndex = (i: number): boolean => Number.isInteger(i) && i >= 1 && i <= INDEX_MAX;
  const areIndices = indices.every(isIndex) && new Set(indices).size === indices.length;
  if (!Number.isInteger(k) || k < 1 || k > indices.length || !areIndices) {
    throw new CryptoError(
      "E_ARGUMENT",
      `Cannot share ${k} of proxies ${indices.join()}, want at least k distinct indices of 1 to ${INDEX_MAX}`,
    );
  }
}

/** D = (largest index - 1)!: what the dealt secret is divided by, so that every D * lambda_i is an integer. */
export function commonDenominator(indices: readonly number[]): bigint {
  const largest = BigInt(Math.max(...indices));
  let product = 1n;
  for (let i = 2n; i < largest; i += 1n) product *= i;
  return product;
}

/**
 * D * lambda_i for each index of the chosen set, in its order: signed integers, at most 24 in size for 3 of 4. D is that of
 * `indices`, all that the grant was dealt to.
 *
 * lambda_i = prod over j != i of j / (j - i); the product of |j - i| divides (i - 1)! (m - i)! for the largest index m, which
 * divides (m - 1)!.
 */
export function combineExponents(chosen: readonly number[], indices: readonly number[]): bigint[] {
  const denominator = commonDenominator(indices);
  return chosen.map((i) => {
    let above = denominator;
    let below = 1n;
    for (const j of chosen) {
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
