import { decodeCanonical, encodeCanonical } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** What an entry of the state is made of. */
type StoredValue = number | string | Uint8Array | readonly number[];

/** The form of every entry but map entries and indices: a canonical CBOR array. */
export const encodeStored = (...values: readonly StoredValue[]): Uint8Array =>
  encodeCanonical(values);

/**
 * Reads what {@link encodeStored} wrote; the caller knows the types, because this state machine wrote them.
 * @throws {AnamnesisError} STORE_CORRUPT for bytes that it cannot have written.
 */
export function decodeStored<T extends readonly StoredValue[]>(bytes: Uint8Array): T {
  const corrupt = (cause?: unknown) =>
    new AnamnesisError(
      "STORE_CORRUPT",
      "An entry of the state is not in the form it was written in",
      { cause },
    );
  let list: unknown;
  try {
    list = decodeCanonical(bytes, { maxBytes: bytes.length });
  } catch (cause) {
    throw corrupt(cause);
  }
  if (!Array.isArray(list)) throw corrupt();
  return list as readonly StoredValue[] as T;
}
