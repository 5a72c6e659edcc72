import { AnamnesisError } from "../errors.ts";

/** One of the two ways a value is written down: as what CBOR codes, or as what JSON codes. */
export interface Form<T> {
  /**
   * Exact to the field: what is missing, too much or of another type is refused with its path and what was wanted.
   * @throws {AnamnesisError} MALFORMED
   */
  read(value: unknown, path: string): T;
  write(value: T): unknown;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Shape<T> {
  /** What a value has to be, for people: `32 bytes`. */
  readonly want: string;
  readonly cbor: Form<T>;
  readonly json: Form<T>;
  /** JSON Schema 2020-12 of the JSON form. */
  readonly schema: JsonSchema;
}
/** The type of a shape's values. */
export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** Which of its forms a shape is asked for. */
export type Side = "cbor" | "json";

export const malformed = (path: string, want: string): AnamnesisError =>
  new AnamnesisError("MALFORMED", `${path} is not ${want}`);
