/** Signing with one's own Ed25519 key. Verification is in `./verify`. */
import { ed25519PublicKey, ed25519Sign } from "#primitives";
import { expectLength } from "./errors.ts";
import { signatureInput } from "./signature/signature.ts";

export interface SigningKeypair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The 32-byte seed of RFC 8032 5.1.5. */
  readonly secretKey: Uint8Array;
}

/**
 * The Ed25519 keypair of a 32-byte seed.
 *
 * @throws {CryptoError} `E_ARGUMENT` for a seed of another length.
 */
export function signingKeypair(seed: Uint8Array): SigningKeypair {
  expectLength("signing seed", seed, 32);
  return { publicKey: ed25519PublicKey(seed), secretKey: Uint8Array.from(seed) };
}

/**
 * Signs `enc("MRS-V1-SIG-" || type, message)` (RFC 8032 5.1.6, deterministic).
 *
 * @returns 64 bytes.
 * @throws {CryptoError} `E_ARGUMENT` for a secret key that is not 32 bytes.
 */
export function sign(input: {
  readonly type: string;
  readonly message: Uint8Array;
  readonly secretKey: Uint8Array;
}): Uint8Array {
  expectLength("secret key", input.secretKey, 32);
  return ed25519Sign(input.secretKey, signatureInput(input.type, input.message));
}

/**
 * Signs a message as it stands, for formats with a domain separation of their own (RFC 9421, PKCS#10).
 * Verification: `verifySignatureRaw`.
 *
 * @returns 64 bytes.
 * @throws {CryptoError} `E_ARGUMENT` for a secret key that is not 32 bytes.
 */
export function signRaw(input: {
  readonly message: Uint8Array;
  readonly secretKey: Uint8Array;
}): Uint8Array {
  expectLength("secret key", input.secretKey, 32);
  return ed25519Sign(input.secretKey, input.message);
}
