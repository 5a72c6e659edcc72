import { fromBase64url, fromHex, toBase64url, toHex } from "@anamnesis/crypto/verify";
import { malformed } from "./form.ts";
import type { Form, JsonSchema, Shape } from "./form.ts";

/** The same in both forms. */
const plain = <T>(
  want: string,
  schema: JsonSchema,
  is: (value: unknown) => value is T,
): Shape<T> => {
  const form: Form<T> = {
    read: (value, path) => {
      if (!is(value)) throw malformed(path, want);
      return value;
    },
    write: (value) => value,
  };
  return { want, cbor: form, json: form, schema };
};

/** A byte string in CBOR; in JSON text, of which `fromText` gives `undefined` where it is none. */
const octets = (
  want: string,
  schema: JsonSchema,
  is: (value: Uint8Array) => boolean,
  fromText: (text: string) => Uint8Array | undefined,
  toText: (bytes: Uint8Array) => string,
): Shape<Uint8Array> => {
  const read = (value: unknown, path: string): Uint8Array => {
    if (!(value instanceof Uint8Array) || !is(value)) throw malformed(path, want);
    return value;
  };
  return {
    want,
    cbor: { read, write: (value) => value },
    json: { read: (value, path) => read(decoded(value, fromText), path), write: toText },
    schema,
  };
};

function decoded(
  value: unknown,
  fromText: (text: string) => Uint8Array | undefined,
): Uint8Array | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return fromText(value);
  } catch {
    return undefined; // The codecs throw for nothing but text that is not theirs.
  }
}

const base64url = (bytesMin: number, bytesMax: number): JsonSchema => ({
  type: "string",
  contentEncoding: "base64url",
  pattern: "^[A-Za-z0-9_-]*$",
  minLength: Math.ceil((bytesMin * 4) / 3),
  maxLength: Math.ceil((bytesMax * 4) / 3),
});
const hex = (length: number): JsonSchema => ({
  type: "string",
  pattern: `^[0-9a-f]{${2 * length}}$`,
});

/** Exactly `length` bytes; base64url in JSON. */
export const bytes = (length: number): Shape<Uint8Array> =>
  octets(
    `${length} bytes`,
    base64url(length, length),
    (value) => value.length === length,
    fromBase64url,
    toBase64url,
  );

/** `min` to `max` bytes; base64url in JSON. */
export const blob = (max: number, min = 0): Shape<Uint8Array> =>
  octets(
    min === 0 ? `at most ${max} bytes` : `${min} to ${max} bytes`,
    base64url(min, max),
    (value) => value.length >= min && value.length <= max,
    fromBase64url,
    toBase64url,
  );

const lowerHex = (text: string): Uint8Array | undefined =>
  /^[0-9a-f]*$/.test(text) ? fromHex(text) : undefined;

/** Exactly `length` bytes that people see in addresses and lists: lower-case hex in JSON. */
export const hexBytes = (length: number): Shape<Uint8Array> =>
  octets(
    `${length} bytes (as text ${2 * length} lower-case hex digits)`,
    hex(length),
    (value) => value.length === length,
    lowerHex,
    toHex,
  );

/** An id of `length` bytes, held as lower-case hex: bytes in CBOR, hex in JSON. `Id` is the brand it mints. */
export function hexId<Id extends string>(length = 32): Shape<Id> {
  const raw = hexBytes(length);
  const id = (read: Form<Uint8Array>["read"]) => (value: unknown, path: string) =>
    toHex(read(value, path)) as Id;
  return {
    want: raw.want,
    cbor: { read: id(raw.cbor.read), write: fromHex },
    json: { read: id(raw.json.read), write: (value) => value },
    schema: raw.schema,
  };
}

/** Text that has to match `pattern`, such as names and URLs. `Name` is the brand it mints. */
export const matching = <Name extends string>(want: string, pattern: RegExp): Shape<Name> =>
  plain(
    want,
    { type: "string", pattern: pattern.source },
    (value): value is Name => typeof value === "string" && pattern.test(value),
  );

/** `min` to `max` UTF-16 units. */
export const text = (max = 256, min = 0): Shape<string> =>
  plain(
    min === 0 ? `text of at most ${max} characters` : `text of ${min} to ${max} characters`,
    { type: "string", minLength: min, maxLength: max },
    (value): value is string =>
      typeof value === "string" && value.length >= min && value.length <= max,
  );

/** Text of 1 to `max` characters in the one form (NFC) in which equal text is equal bytes: what stands in slips. */
export const nfcText = (max: number): Shape<string> =>
  plain(
    `NFC text of 1 to ${max} characters`,
    { type: "string", minLength: 1, maxLength: max },
    (value): value is string =>
      typeof value === "string" &&
      value.length > 0 &&
      value.length <= max &&
      value.normalize("NFC") === value,
  );

export const oneOf = <const T extends string>(...allowed: readonly T[]): Shape<T> =>
  plain(`one of ${allowed.join(", ")}`, { enum: [...allowed] }, (value): value is T =>
    (allowed as readonly unknown[]).includes(value),
  );

/** A whole number of at least `min` and at most `max`, which is at most 2^53 − 1. */
export const uintBetween = (min: number, max: number, want: string): Shape<number> =>
  plain(
    want,
    { type: "integer", minimum: min, maximum: max },
    (value): value is number =>
      typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max,
  );
export const uintUpTo = (max: number): Shape<number> =>
  uintBetween(0, max, `a whole number of at most ${max}`);
export const uint: Shape<number> = uintBetween(0, Number.MAX_SAFE_INTEGER, "a whole number");

export const flag: Shape<boolean> = plain(
  "true or false",
  { type: "boolean" },
  (value): value is boolean => typeof value === "boolean",
);

export const literal = <const T extends string | number | boolean>(wanted: T): Shape<T> =>
  plain(String(wanted), { const: wanted }, (value): value is T => value === wanted);
