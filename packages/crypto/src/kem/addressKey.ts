import { openSymmetric, sealSymmetric } from "../box.ts";
import { concat, utf8 } from "../encoding/bytes.ts";
import { kdf, randomBytes } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import { decryptError, expectLength } from "../errors.ts";
import { BYTES, LABEL } from "../suite.ts";

/** Key under which heads of stored objects and object ids of one tag lie: KDF(ss64(tag), "address", tag, 32). */
export function addressKey({
  ss64,
  tag,
}: {
  readonly ss64: Uint8Array;
  readonly tag: Uint8Array;
}): Uint8Array {
  expectLength("ss64", ss64, BYTES.ss64);
  expectLength("tag", tag, BYTES.tag);
  return kdf(ss64, "address", tag, 32);
}

/** Where a record's stored object lies, and what its body must hash to. */
export interface StoredPlace {
  /** 32 bytes. */
  readonly objectId: Uint8Array;
  /** SHA-256 of the sealed chunks: with it a reader knows the record's digest from the object's head alone. */
  readonly bodyHash: Uint8Array;
}

/**
 * Seals object id and body hash for the slip.
 *
 * @returns 92 bytes: nonce (12) || ciphertext (64) || tag (16).
 * @throws {CryptoError} `E_ARGUMENT` for an id or a hash that is not 32 bytes.
 */
export function sealObjectId(
  input: StoredPlace & { readonly addressKey: Uint8Array },
  random: RandomSource = randomBytes,
): Promise<Uint8Array> {
  expectLength("object id", input.objectId, 32);
  expectLength("body hash", input.bodyHash, BYTES.hash);
  const plaintext = concat(input.objectId, input.bodyHash);
  return sealSymmetric({ key: input.addressKey, aad: utf8(LABEL.objectId), plaintext }, random);
}

/**
 * Opens what {@link sealObjectId} sealed.
 *
 * @throws {CryptoError} `E_DECRYPT` whatever is wrong with it.
 */
export async function openObjectId(input: {
  readonly addressKey: Uint8Array;
  readonly sealed: Uint8Array;
}): Promise<StoredPlace> {
  if (input.sealed.length !== BYTES.sealedId) throw decryptError();
  const plaintext = await openSymmetric({
    key: input.addressKey,
    aad: utf8(LABEL.objectId),
    sealed: input.sealed,
  });
  return { objectId: plaintext.subarray(0, 32), bodyHash: plaintext.subarray(32) };
}
