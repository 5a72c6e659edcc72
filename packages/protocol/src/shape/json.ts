import { AnamnesisError } from "../errors.ts";
import type { Shape } from "./form.ts";

/** What a text codes. @param what - Names it in the error. @throws {AnamnesisError} MALFORMED */
export function jsonValue(text: string, what: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new AnamnesisError("MALFORMED", `${what} is not JSON`, { cause });
  }
}

/** @throws {AnamnesisError} MALFORMED */
export const fromJson = <T>(shape: Shape<T>, text: string, what: string): T =>
  shape.json.read(jsonValue(text, what), what);

export const toJson = <T>(shape: Shape<T>, value: T): string =>
  JSON.stringify(shape.json.write(value));

/** As a file that people read, too. */
export const toJsonFile = <T>(shape: Shape<T>, value: T): string =>
  `${JSON.stringify(shape.json.write(value), null, 2)}\n`;
