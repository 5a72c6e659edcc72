import { CBOR_BYTES_MAX, encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { decodeItem } from "../canonical.ts";
import { AnamnesisError } from "../errors.ts";
import type { Shape } from "./form.ts";

/** A shape that stands alone: its canonical CBOR codec. */
export interface Document<T> {
  readonly name: string;
  readonly shape: Shape<T>;
  /** Largest encoding that is decoded. */
  readonly maxBytes: number;
  encode(value: T): Uint8Array;
  /** @throws {AnamnesisError} NOT_CANONICAL, MALFORMED, TOO_DEEP, TOO_LARGE; where it is a map, UNSUPPORTED_VERSION, UNSUPPORTED_SUITE. */
  decode(bytes: Uint8Array): T;
}

/**
 * An item without a version of its own.
 *
 * @param maxBytes - Default 1 MiB.
 * @param views - What is decoded may hold views of the bytes it was decoded from, which must not change then.
 */
export const item = <T>(
  name: string,
  shape: Shape<T>,
  maxBytes: number = CBOR_BYTES_MAX,
  views = false,
): Document<T> => ({
  name,
  shape,
  maxBytes,
  encode: (value) => encodeCanonical(shape.cbor.write(value) as CborValue),
  decode: (encoded) => shape.cbor.read(decodeItem(encoded, name, maxBytes, views), name),
});

/** A map with a field `v`, which is judged first, so that unknown versions are named as such. @param maxBytes - Default 1 MiB. */
export const document = <T extends { readonly v: 1 }>(
  name: string,
  shape: Shape<T>,
  maxBytes: number = CBOR_BYTES_MAX,
): Document<T> => ({
  ...item(name, shape, maxBytes),
  decode(encoded) {
    const value = decodeItem(encoded, name, maxBytes);
    checkVersion(value, name);
    return shape.cbor.read(value, name);
  },
});

/** @throws {AnamnesisError} UNSUPPORTED_VERSION, UNSUPPORTED_SUITE */
export function checkVersion(value: unknown, name: string): void {
  const { v, suite } = (typeof value === "object" && value !== null ? value : {}) as {
    v?: unknown;
    suite?: unknown;
  };
  if (v !== 1)
    throw new AnamnesisError("UNSUPPORTED_VERSION", `${name} has version ${String(v)}, want 1`);
  if (suite !== undefined && suite !== "MRS-V1")
    throw new AnamnesisError("UNSUPPORTED_SUITE", `${name} has an unknown suite, want MRS-V1`);
}
