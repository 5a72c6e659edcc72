import { CBOR_BYTES_MAX, CryptoError, decodeCanonical } from "@anamnesis/crypto/verify";
import { errorCodes } from "./codes.ts";
import type { ErrorCode } from "./codes.ts";
import { AnamnesisError } from "./errors.ts";

/**
 * Decodes one canonical CBOR item that came from outside.
 *
 * @param what - Names the item in the error, e.g. `Head`.
 * @param maxBytes - Largest input, default 1 MiB.
 * @param views - Long byte strings may be views of `bytes`, which must not change as long as they are used.
 * @throws {AnamnesisError} NOT_CANONICAL, MALFORMED, TOO_DEEP, TOO_LARGE.
 */
export function decodeItem(
  bytes: Uint8Array,
  what: string,
  maxBytes: number = CBOR_BYTES_MAX,
  views = false,
): unknown {
  try {
    return decodeCanonical(bytes, { maxBytes, views });
  } catch (cause) {
    if (!(cause instanceof CryptoError) || !Object.hasOwn(errorCodes, cause.code)) throw cause;
    throw new AnamnesisError(cause.code as ErrorCode, `${what} refused: ${cause.message}`, {
      cause,
    });
  }
}
