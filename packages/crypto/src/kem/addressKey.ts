import { openSymmetric, sealSymmetric } from "../box.ts";
import { utf8 } from "../encoding/bytes.ts";
import { kdf, randomBytes } from "../primitives/derive.ts";
import type { RandomSource } from "../primitives/derive.ts";
import { expectLength } from "../errors.ts";
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

/**
 * Seals an object id (32 bytes) for the slip.
 *
 * @returns 60 bytes: nonce (12) || ciphertext (32) || tag (16).
 * @throws {CryptoError} `E_ARGUMENT` for an id that is not 32 bytes.
 */
export function sealObjectId(
  input: { readonly addressKey: Uint8Array; readonly objectId: Uint8Array },
  random: RandomSource = randomBytes,
): Promise<Uint8Array> {
  expectLength("object id", input.objectId, 32);
  return sealSymmetric(
    { key: input.addressKey, aad: utf8(LABEL.objectId), plaintext: input.objectId },
    random,
  );
}

/**
 * Opens what {@link sealObjectId} sealed.
 *
 * @throws {CryptoError} `E_DECRYPT` whatever is wrong with it.
 */
export function openObjectId(input: {
  readonly addressKey: Uint8Array;
  readonly sealed: Uint8Array;
}): Promise<Uint8Array> {
  return openSymmetric({ key: input.addressKey, aad: utf8(LABEL.objectId), sealed: input.sealed });
}
