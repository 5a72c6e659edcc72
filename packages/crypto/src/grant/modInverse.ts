/** The inverse of a number mod a prime, by the extended Euclidean algorithm. For public numbers: variable time. */
export function modInverse(value: bigint, prime: bigint): bigint {
  let [previous, rest] = [prime, value % prime];
  let [before, factor] = [0n, 1n];
  while (rest !== 0n) {
    const quotient = previous / rest;
    [previous, rest] = [rest, previous - quotient * rest];
    [before, factor] = [factor, before - quotient * factor];
  }
  return (before + prime) % prime;
}
