import { at } from "../encoding/at.ts";
import { CryptoError, expectLength } from "../errors.ts";
import { BYTES } from "../suite.ts";

/** The base field's prime p (draft-irtf-cfrg-pairing-friendly-curves 4.2.1). */
const FIELD_PRIME = fieldPrime();

/**
 * Checks 576 bytes of a GT element: twelve coefficients below p, and neither zero nor one.
 *
 * @throws {CryptoError} `E_FORMAT` for another length, `E_SUBGROUP` otherwise.
 */
export function assertCanonicalGt(bytes: Uint8Array): void {
  expectLength("GT element", bytes, BYTES.gt, "E_FORMAT");
  for (let i = 0; i < bytes.length; i += 48) {
    if (!isBelowPrime(bytes.subarray(i, i + 48))) {
      throw new CryptoError("E_SUBGROUP", "Cannot use GT element, a coefficient is not below p");
    }
  }
  const rest =
    bytes.subarray(0, 47).some((byte) => byte !== 0) ||
    bytes.subarray(48).some((byte) => byte !== 0);
  if (!rest && at(bytes, 47) <= 1)
    throw new CryptoError("E_SUBGROUP", "Cannot use GT element zero or one");
}

function isBelowPrime(coefficient: Uint8Array): boolean {
  for (let i = 0; i < coefficient.length; i += 1) {
    const difference = at(coefficient, i) - at(FIELD_PRIME, i);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function fieldPrime(): Uint8Array {
  // p = (u - 1)^2 * (u^4 - u^2 + 1) / 3 + u with the curve's parameter u.
  const u = -0xd201000000010000n;
  let p = ((u - 1n) ** 2n * (u ** 4n - u ** 2n + 1n)) / 3n + u;
  const out = new Uint8Array(48);
  for (let i = 47; i >= 0; i -= 1) {
    out[i] = Number(p & 0xffn);
    p >>= 8n;
  }
  return out;
}
