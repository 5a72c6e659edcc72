import { CryptoError, fromBase64url, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";

/** Strict readers of JSON answers: byte strings are base64url, ids lower-case hex, absent fields absent or null. */
export class Fields {
  readonly #what: string;
  readonly #map: Readonly<Record<string, unknown>>;

  /** @throws {AnamnesisError} MALFORMED */
  constructor(what: string, value: unknown) {
    this.#what = what;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      throw this.#malformed("", "an object");
    this.#map = value as Record<string, unknown>;
  }

  text(name: string): string {
    const value = this.#map[name];
    if (typeof value !== "string") throw this.#malformed(name, "text");
    return value;
  }

  /** @param digits - 64 for ids of 32 bytes, 32 for tags. */
  hex(name: string, digits = 64): string {
    const value = this.#map[name];
    if (typeof value !== "string" || value.length !== digits || !/^[0-9a-f]*$/.test(value))
      throw this.#malformed(name, `${digits} hex digits`);
    return value;
  }

  bytes(name: string, length?: number): Uint8Array {
    return this.#decode(name, this.#map[name], length);
  }

  /** 32 bytes, as hex. */
  digest(name: string): string {
    return toHex(this.bytes(name, 32));
  }

  digests(name: string): string[] {
    return this.list(name).map((item) => toHex(this.#decode(name, item, 32)));
  }

  count(name: string): number {
    const value = this.#map[name];
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw this.#malformed(name, "a whole number");
    return value as number;
  }

  list(name: string): readonly unknown[] {
    const value = this.#map[name];
    if (!Array.isArray(value)) throw this.#malformed(name, "a list");
    return value;
  }

  /** `undefined` where the field is absent or null. */
  optional<T>(name: string, read: (name: string) => T): T | undefined {
    const value = this.#map[name];
    return value === undefined || value === null ? undefined : read.call(this, name);
  }

  #decode(name: string, value: unknown, length?: number): Uint8Array {
    const bytes = typeof value === "string" ? decodeBase64url(value) : undefined;
    if (bytes === undefined) throw this.#malformed(name, "base64url");
    if (length !== undefined && bytes.length !== length)
      throw this.#malformed(name, `${length} bytes`);
    return bytes;
  }

  #malformed(name: string, want: string): AnamnesisError {
    return new AnamnesisError(
      "MALFORMED",
      `${this.#what} is not in the form of docs/spec/http.md: ${name === "" ? "it" : name} is not ${want}`,
    );
  }
}

function decodeBase64url(text: string): Uint8Array | undefined {
  try {
    return fromBase64url(text);
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
