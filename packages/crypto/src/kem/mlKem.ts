import { ml_kem768 } from "@noble/post-quantum/ml-kem.js";
import { CryptoError, expectLength } from "../errors.ts";
import { BYTES } from "../suite.ts";

export interface MlKemKeys {
  /** 1184 bytes. */
  readonly ek: Uint8Array;
  /** 2400 bytes; ends with ek, its hash and the rejection secret. */
  readonly dk: Uint8Array;
}

/**
 * ML-KEM-768.KeyGen from its seed d || z (FIPS 203 7.1).
 *
 * @throws {CryptoError} `E_ARGUMENT` for a seed that is not 64 bytes.
 */
export function mlKemKeys(seed: Uint8Array): MlKemKeys {
  expectLength("ML-KEM seed", seed, BYTES.ss64);
  const { publicKey, secretKey } = ml_kem768.keygen(seed);
  return { ek: publicKey, dk: secretKey };
}

/**
 * ML-KEM-768.Encaps with the check of the encapsulation key (FIPS 203 7.2).
 *
 * @param coins - 32 random bytes.
 * @returns ciphertext, 1088 bytes, and shared secret, 32.
 * @throws {CryptoError} `E_FORMAT` for a key of another length, or with a coefficient of q or more.
 */
export function mlKemEncapsulate(
  ek: Uint8Array,
  coins: Uint8Array,
): { readonly ct: Uint8Array; readonly secret: Uint8Array } {
  expectLength("ML-KEM encapsulation key", ek, BYTES.ekTag, "E_FORMAT");
  expectLength("ML-KEM coins", coins, 32);
  try {
    const { cipherText, sharedSecret } = ml_kem768.encapsulate(ek, coins);
    return { ct: cipherText, secret: sharedSecret };
  } catch (cause) {
    throw new CryptoError(
      "E_FORMAT",
      "Cannot use ML-KEM encapsulation key, it fails the check of FIPS 203 7.2",
      { cause },
    );
  }
}

/**
 * ML-KEM-768.Decaps (FIPS 203 7.3). A ciphertext that was not made for this key gives a secret that nobody else has, and no
 * error.
 *
 * @returns 32 bytes.
 * @throws {CryptoError} `E_FORMAT` for another length of ciphertext or key, and for a key whose hash check fails.
 */
export function mlKemDecapsulate(dk: Uint8Array, ct: Uint8Array): Uint8Array {
  expectLength("ML-KEM decapsulation key", dk, BYTES.dkTag, "E_FORMAT");
  expectLength("ML-KEM ciphertext", ct, BYTES.ctPq, "E_FORMAT");
  try {
    return ml_kem768.decapsulate(ct, dk);
  } catch (cause) {
    throw new CryptoError(
      "E_FORMAT",
      "Cannot use ML-KEM decapsulation key, it fails the check of FIPS 203 7.3",
      { cause },
    );
  }
}
