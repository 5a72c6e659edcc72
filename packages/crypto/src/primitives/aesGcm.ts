import { gcmOpen as platformOpen, gcmSeal as platformSeal } from "#primitives";
import { expectLength } from "../errors.ts";
import { BYTES } from "../suite.ts";
import type { GcmInput } from "./primitives.ts";

/**
 * AES-256-GCM (NIST SP 800-38D) with 12-byte nonces and 16-byte authentication tags. Platforms would take other lengths of
 * key and nonce, and not the same ones.
 *
 * @returns ciphertext || tag.
 * @throws {CryptoError} `E_ARGUMENT` for a key that is not 32 bytes or a nonce that is not 12.
 */
export async function gcmSeal(input: GcmInput): Promise<Uint8Array> {
  checkLengths(input);
  return platformSeal(input);
}

/**
 * Undoes {@link gcmSeal}; `undefined` where the tag does not match, or where there are too few bytes to hold one.
 *
 * @throws {CryptoError} `E_ARGUMENT` like {@link gcmSeal}.
 */
export async function gcmOpen(input: GcmInput): Promise<Uint8Array | undefined> {
  checkLengths(input);
  return platformOpen(input);
}

function checkLengths({ key, nonce }: GcmInput): void {
  expectLength("AES key", key, 32);
  expectLength("AES-GCM nonce", nonce, BYTES.gcmNonce);
}
