import { CBOR_BYTES_MAX, CBOR_DEPTH_MAX } from "./cborValue.ts";
import type { CborValue } from "./cborValue.ts";
import { CborReader } from "./cborReader.ts";
import { CborWriter, encodedBytes } from "./cborWriter.ts";
import { CryptoError } from "../errors.ts";

/**
 * Deterministic CBOR (RFC 8949 4.2.1): shortest integers, definite lengths, map keys (texts) in bytewise order.
 *
 * @throws {CryptoError} `MALFORMED` for `undefined`, floats, functions and whatever else {@link CborValue} does not hold, and for texts
 * that are not well-formed Unicode or begin with a byte order mark;
 * `TOO_DEEP` beyond {@link CBOR_DEPTH_MAX}.
 */
export function encodeCanonical(value: CborValue): Uint8Array {
  assertEncodable(value, 0);
  const bytes = new Uint8Array(encodedBytes(value));
  new CborWriter(bytes).write(value);
  return bytes;
}

/**
 * Decodes deterministic CBOR and refuses everything else.
 *
 * @param options.maxBytes - Largest input, default 1 MiB.
 * @param options.views - Long byte strings may be views of `bytes`, which must not change as long as they are used; default
 * copies.
 * @throws {CryptoError} `TOO_LARGE`; `TOO_DEEP`; `NOT_CANONICAL` for longer integers or lengths than needed, unsorted
 * or duplicate keys, indefinite lengths, ill-formed UTF-8; `MALFORMED` for truncation, trailing bytes, floats, tags,
 * `undefined`, and map keys that are not texts.
 */
export function decodeCanonical(
  bytes: Uint8Array,
  options: { readonly maxBytes?: number; readonly views?: boolean } = {},
): CborValue {
  const maxBytes = options.maxBytes ?? CBOR_BYTES_MAX;
  if (bytes.length > maxBytes) {
    throw new CryptoError(
      "TOO_LARGE",
      `Cannot decode ${bytes.length} bytes of CBOR, want at most ${maxBytes}`,
    );
  }
  return new CborReader(bytes, options.views ?? false).whole();
}

function assertEncodable(value: unknown, depth: number): void {
  if (typeof value === "boolean") return;
  if (typeof value === "object") {
    assertEncodableObject(value, depth);
  } else if (typeof value === "string") {
    if (!value.isWellFormed() || value.startsWith("\uFEFF")) throw unencodable("well-formed text");
  } else if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw unencodable("a safe integer");
  } else if (typeof value === "bigint") {
    if (value < -(2n ** 64n) || value >= 2n ** 64n) throw unencodable("an integer of 64 bits");
  } else {
    throw unencodable("null, boolean, integer, text, bytes, array or map");
  }
}

function assertEncodableObject(value: object | null, depth: number): void {
  if (value === null || value instanceof Uint8Array) return;
  if (depth >= CBOR_DEPTH_MAX) throw tooDeep();
  if (Array.isArray(value)) {
    for (const item of value) assertEncodable(item, depth + 1);
    return;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw unencodable("a plain object");
  for (const [key, item] of Object.entries(value)) {
    assertEncodable(key, depth);
    assertEncodable(item, depth + 1);
  }
}

function unencodable(wanted: string): CryptoError {
  return new CryptoError("MALFORMED", `Cannot encode value as CBOR, want ${wanted}`);
}

function tooDeep(): CryptoError {
  return new CryptoError("TOO_DEEP", `Cannot nest CBOR deeper than ${CBOR_DEPTH_MAX} levels`);
}
