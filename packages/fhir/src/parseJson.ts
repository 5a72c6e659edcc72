import { FhirError } from "./fhirError.ts";
import { Decimal } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";

export interface JsonDocument {
  readonly value: JsonValue;
  /** Where each resource (an object with `resourceType`) stands in the text: `[start, end)` in UTF-16 units. */
  readonly spans: ReadonlyMap<JsonObject, readonly [number, number]>;
}

export interface JsonOptions {
  /** Deepest nesting of objects and arrays; 100 when left out. The deepest R4 example nests 17. */
  readonly depthMax?: number;
  /** Most values of all kinds; 8 million when left out, so that 64 MiB of `[],[],…` cannot fill the memory. */
  readonly valuesMax?: number;
  /** Answer what was read when the text ends early, instead of `JSON_TRUNCATED`. */
  readonly partial?: boolean;
}

const DEPTH_MAX = 100;
const VALUES_MAX = 8_000_000;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const NUMBER_BYTES = /[-+.0-9eE]*/y;
// oxlint-disable-next-line no-control-regex -- RFC 8259 section 7: these must be escaped, so they are looked for
const ESCAPED_OR_CONTROL = /[\u0000-\u001f\\]/;
const FORBIDDEN_KEYS = new Set(["__proto__"]);

/**
 * Reads one JSON text (RFC 8259), keeping decimals as written and noting where each resource stands.
 *
 * @throws {FhirError} `JSON_INVALID`, `JSON_TRUNCATED` (the text ends too early), `JSON_DUPLICATE_KEY`,
 * `JSON_FORBIDDEN_KEY` (`__proto__`), `JSON_TOO_DEEP` or `JSON_TOO_MANY_VALUES`, each with line and column.
 */
export function parseJson(text: string, options: JsonOptions = {}): JsonDocument {
  const reader = new Reader(text, options);
  reader.space();
  const value = reader.value(0);
  if (value === undefined)
    throw reader.fault("JSON_TRUNCATED", "The JSON text ends before its first value");
  reader.space();
  if (reader.at < text.length)
    throw reader.fault("JSON_INVALID", "There is text after the JSON value");
  return { value, spans: reader.spans };
}

type JsonFault =
  | "JSON_INVALID"
  | "JSON_TRUNCATED"
  | "JSON_DUPLICATE_KEY"
  | "JSON_FORBIDDEN_KEY"
  | "JSON_TOO_DEEP"
  | "JSON_TOO_MANY_VALUES";

class Reader {
  readonly spans = new Map<JsonObject, readonly [number, number]>();
  readonly text: string;
  readonly depthMax: number;
  readonly partial: boolean;
  readonly valuesMax: number;
  values = 0;
  at = 0;
  /** Set in partial mode once the text has ended; every open object and array then closes with what it holds. */
  ended = false;

  constructor(text: string, options: JsonOptions) {
    this.text = text;
    this.depthMax = options.depthMax ?? DEPTH_MAX;
    this.partial = options.partial ?? false;
    this.valuesMax = options.valuesMax ?? VALUES_MAX;
  }

  space(): void {
    for (;;) {
      const unit = this.text.charCodeAt(this.at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return;
      this.at++;
    }
  }

  value(depth: number): JsonValue | undefined {
    if (++this.values > this.valuesMax) {
      throw this.fault("JSON_TOO_MANY_VALUES", `There are more than ${this.valuesMax} values`);
    }
    switch (this.text[this.at]) {
      case "{":
        return this.object(depth + 1);
      case "[":
        return this.array(depth + 1);
      case '"':
        return this.string();
      case "t":
        return this.word("true", true);
      case "f":
        return this.word("false", false);
      case "n":
        return this.word("null", null);
      case undefined:
        return this.end();
      default:
        return this.number();
    }
  }

  object(depth: number): JsonObject {
    if (depth > this.depthMax)
      throw this.fault("JSON_TOO_DEEP", `Nesting goes deeper than ${this.depthMax} levels`);
    const start = this.at++;
    const object: JsonObject = {};
    this.space();
    if (this.text[this.at] === "}") {
      this.at++;
      return object;
    }
    for (;;) {
      if (this.at >= this.text.length) this.end();
      if (this.ended) return object;
      if (this.text[this.at] !== '"')
        throw this.fault("JSON_INVALID", "Expected a property name in quotes");
      const keyAt = this.at;
      const key = this.string();
      if (key === undefined) return object;
      if (FORBIDDEN_KEYS.has(key))
        throw this.fault("JSON_FORBIDDEN_KEY", "The property name __proto__ is refused", keyAt);
      if (Object.hasOwn(object, key)) {
        throw this.fault(
          "JSON_DUPLICATE_KEY",
          `A property${named(key)} stands twice in one object`,
          keyAt,
        );
      }
      this.space();
      if (this.at >= this.text.length) this.end();
      if (this.ended) return object;
      if (this.text[this.at] !== ":")
        throw this.fault("JSON_INVALID", "Expected a colon after the property name");
      this.at++;
      this.space();
      const value = this.value(depth);
      if (value !== undefined) object[key] = value;
      if (this.ended) return object;
      this.space();
      const next = this.text[this.at];
      if (next === ",") {
        this.at++;
        this.space();
      } else if (next === "}") {
        this.at++;
        if (typeof object["resourceType"] === "string") this.spans.set(object, [start, this.at]);
        return object;
      } else if (next !== undefined) {
        throw this.fault("JSON_INVALID", "Expected a comma or a closing brace");
      }
    }
  }

  array(depth: number): JsonValue[] {
    if (depth > this.depthMax)
      throw this.fault("JSON_TOO_DEEP", `Nesting goes deeper than ${this.depthMax} levels`);
    this.at++;
    const array: JsonValue[] = [];
    this.space();
    if (this.text[this.at] === "]") {
      this.at++;
      return array;
    }
    for (;;) {
      const value = this.value(depth);
      if (value !== undefined) array.push(value);
      if (this.ended) return array;
      this.space();
      const next = this.text[this.at];
      if (next === ",") {
        this.at++;
        this.space();
      } else if (next === "]") {
        this.at++;
        return array;
      } else if (next === undefined) {
        this.end();
        return array;
      } else {
        throw this.fault("JSON_INVALID", "Expected a comma or a closing bracket");
      }
    }
  }

  string(): string | undefined {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (end >= 0 && this.escaped(start, end)) end = this.text.indexOf('"', end + 1);
    if (end < 0) {
      this.at = this.text.length;
      return this.end();
    }
    this.at = end + 1;
    const inner = this.text.slice(start + 1, end);
    if (!ESCAPED_OR_CONTROL.test(inner)) return inner;
    try {
      return JSON.parse(this.text.slice(start, end + 1)) as string;
    } catch {
      throw this.fault(
        "JSON_INVALID",
        "A string holds a wrong escape or a bare control character",
        start,
      );
    }
  }

  /** Whether the quote at `end` follows an odd number of backslashes. */
  escaped(start: number, end: number): boolean {
    let slashes = 0;
    while (end - 1 - slashes > start && this.text[end - 1 - slashes] === "\\") slashes++;
    return slashes % 2 === 1;
  }

  number(): Decimal | undefined {
    NUMBER.lastIndex = this.at;
    NUMBER_BYTES.lastIndex = this.at;
    const found = NUMBER.exec(this.text)?.[0] ?? "";
    const run = NUMBER_BYTES.exec(this.text)?.[0] ?? "";
    if (
      run !== "" &&
      this.at + run.length === this.text.length &&
      (found !== run || this.partial)
    ) {
      this.at = this.text.length;
      return this.end();
    }
    if (found === "" || found !== run) throw this.fault("JSON_INVALID", "Expected a JSON value");
    this.at += found.length;
    return new Decimal(found);
  }

  word<T extends boolean | null>(word: string, value: T): T | undefined {
    const rest = this.text.slice(this.at, this.at + word.length);
    if (rest === word) {
      this.at += word.length;
      return value;
    }
    if (this.at + rest.length === this.text.length && word.startsWith(rest)) {
      this.at = this.text.length;
      this.end();
      return undefined;
    }
    throw this.fault("JSON_INVALID", "Expected a JSON value");
  }

  end(): undefined {
    if (!this.partial)
      throw this.fault("JSON_TRUNCATED", "The JSON text ends too early: the file is cut off");
    this.ended = true;
    return undefined;
  }

  fault(code: JsonFault, message: string, at: number = this.at): FhirError {
    const before = this.text.slice(0, at);
    const line = before.split("\n").length;
    const column = at - before.lastIndexOf("\n");
    return new FhirError(code, `${message} (line ${line}, column ${column})`);
  }
}

/** A property name is quoted only when it looks like one of FHIR's, so that no content reaches a message. */
function named(key: string): string {
  return /^_?[A-Za-z]{1,40}$/.test(key) ? ` "${key}"` : "";
}
