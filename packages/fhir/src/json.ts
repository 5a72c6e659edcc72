/**
 * A JSON number as it was written: `1.10` stays `1.10`.
 *
 * FHIR R4 section 2.24.0.1 (decimal): the precision of a decimal is significant and must be kept.
 */
export class Decimal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  /** The nearest double; for comparing and drawing, never for storing. */
  valueOf(): number {
    return Number(this.text);
  }
}

export type JsonValue = string | boolean | null | Decimal | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue };

/** Writes compact JSON; decimals as they were read. */
export function writeJson(value: JsonValue): string {
  if (value instanceof Decimal) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${JSON.stringify(key)}:${writeJson(member)}`,
  );
  return `{${members.join(",")}}`;
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Decimal)
  );
}

/** The object at `key`, or `undefined` if something else or nothing is there. */
export function objectAt(parent: JsonObject | undefined, key: string): JsonObject | undefined {
  const value = memberAt(parent, key);
  return isObject(value) ? value : undefined;
}

/** The objects at `key`: of an array, or the one that stands there; anything else is passed over. */
export function objectsAt(parent: JsonObject | undefined, key: string): JsonObject[] {
  const value = memberAt(parent, key);
  if (Array.isArray(value)) return value.filter(isObject);
  return isObject(value) ? [value] : [];
}

/** The string at `key`, or `undefined`. */
export function textAt(parent: JsonObject | undefined, key: string): string | undefined {
  const value = memberAt(parent, key);
  return typeof value === "string" ? value : undefined;
}

export function memberAt(parent: JsonObject | undefined, key: string): JsonValue | undefined {
  return parent !== undefined && Object.hasOwn(parent, key) ? parent[key] : undefined;
}
