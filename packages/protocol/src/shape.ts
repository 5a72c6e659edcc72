import { CBOR_BYTES_MAX, encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { decodeItem } from "./canonical.ts";
import { AnamnesisError } from "./errors.ts";

/**
 * Shapes: a parser from decoded CBOR (`unknown`) to a typed document, exact to the field.
 * Missing, surplus and ill-typed fields are refused with the path and what was wanted.
 */
export interface Shape<T> {
  readonly want: string;
  /** @throws {AnamnesisError} MALFORMED */
  parse(value: unknown, path: string): T;
}
export type Shaped<S> = S extends Shape<infer T> ? T : never;

const malformed = (path: string, want: string) =>
  new AnamnesisError("MALFORMED", `${path} is not ${want}`);

const simple = <T>(want: string, is: (value: unknown) => value is T): Shape<T> => ({
  want,
  parse: (value, path) => {
    if (!is(value)) throw malformed(path, want);
    return value;
  },
});

export const bytes = (length: number): Shape<Uint8Array> =>
  simple(
    `${length} bytes`,
    (value): value is Uint8Array => value instanceof Uint8Array && value.length === length,
  );

export const blob = (max: number): Shape<Uint8Array> =>
  simple(
    `at most ${max} bytes`,
    (value): value is Uint8Array => value instanceof Uint8Array && value.length <= max,
  );

export const text = (max = 256): Shape<string> =>
  simple(
    `text of at most ${max} characters`,
    (value): value is string => typeof value === "string" && value.length <= max,
  );

export const oneOf = <const T extends string>(...allowed: readonly T[]): Shape<T> =>
  simple(`one of ${allowed.join(", ")}`, (value): value is T => allowed.includes(value as T));

export const uint: Shape<number> = simple(
  "a whole number",
  (value): value is number => Number.isSafeInteger(value) && (value as number) >= 0,
);

export const flag: Shape<boolean> = simple(
  "true or false",
  (value): value is boolean => typeof value === "boolean",
);

export const literal = <const T extends string | number>(wanted: T): Shape<T> =>
  simple(String(wanted), (value): value is T => value === wanted);

export const list = <T>(item: Shape<T>, max: number): Shape<T[]> => ({
  want: `a list of at most ${max}, each ${item.want}`,
  parse(value, path) {
    if (!Array.isArray(value) || value.length > max) throw malformed(path, this.want);
    return value.map((element, i) => item.parse(element, `${path}[${i}]`));
  },
});

/** `null` on the wire, `undefined` never: every field is always present. */
export const nullable = <T>(shape: Shape<T>): Shape<T | null> => ({
  want: `${shape.want} or null`,
  parse: (value, path) => (value === null ? null : shape.parse(value, path)),
});

export const object = <F extends Record<string, Shape<unknown>>>(
  fields: F,
): Shape<{ [N in keyof F]: Shaped<F[N]> }> => ({
  want: `a map of ${Object.keys(fields).join(", ")}`,
  parse(value, path) {
    if (
      typeof value !== "object" ||
      value === null ||
      Array.isArray(value) ||
      value instanceof Uint8Array
    )
      throw malformed(path, this.want);
    const map = value as Record<string, unknown>;
    const names = Object.keys(fields);
    for (const name of Object.keys(map))
      if (!Object.hasOwn(fields, name)) throw malformed(`${path}.${name}`, "a known field");
    return Object.fromEntries(
      names.map((name) => [name, fields[name]!.parse(map[name], `${path}.${name}`)]),
    ) as { [N in keyof F]: Shaped<F[N]> };
  },
});

/** A document: a shape with its canonical CBOR codec. Field `v` is checked first, so that unknown versions are named as such. */
export interface Document<T> {
  encode(value: T): Uint8Array;
  /** @throws {AnamnesisError} NOT_CANONICAL, MALFORMED, TOO_DEEP, TOO_LARGE, UNSUPPORTED_VERSION, UNSUPPORTED_SUITE */
  decode(bytes: Uint8Array): T;
}

/** @param maxBytes - Largest encoding that is decoded, default 1 MiB. */
export const document = <T>(
  name: string,
  shape: Shape<T>,
  maxBytes: number = CBOR_BYTES_MAX,
): Document<T> => ({
  encode: (value) => encodeCanonical(value as CborValue),
  decode(encoded) {
    const value = decodeItem(encoded, name, maxBytes);
    const { v, suite } = (typeof value === "object" && value !== null ? value : {}) as {
      v?: unknown;
      suite?: unknown;
    };
    if (v !== 1)
      throw new AnamnesisError("UNSUPPORTED_VERSION", `${name} has version ${String(v)}, want 1`);
    if (suite !== undefined && suite !== "MRS-V1")
      throw new AnamnesisError("UNSUPPORTED_SUITE", `${name} has an unknown suite, want MRS-V1`);
    return shape.parse(value, name);
  },
});
