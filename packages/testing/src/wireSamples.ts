/** Values that shapes describe, and every way to damage them: for tests that walk all routes. */
import { streamOf } from "@anamnesis/crypto/verify";
import type { Route, Shape, JsonSchema } from "@anamnesis/protocol";
import { ticketDocument } from "@anamnesis/protocol";
import { bareCaller } from "../../client/src/caller.ts";
import { keyOf } from "./keys.ts";

/** A value of a shape, with every field that it may have. */
export const sampleOf = <T>(shape: Shape<T>): T => shape.json.read(sampleJson(shape.schema), "It");

export function sampleJson(schema: JsonSchema): unknown {
  const alternatives = (schema["oneOf"] ?? schema["anyOf"]) as readonly JsonSchema[] | undefined;
  if (alternatives !== undefined) return sampleJson(alternatives[0]!);
  if ("const" in schema) return schema["const"];
  if ("enum" in schema) return (schema["enum"] as readonly unknown[])[0];
  switch (schema["type"]) {
    case "boolean":
      return true;
    case "integer":
      return Math.min(1, schema["maximum"] as number);
    case "string":
      return sampleText(schema);
    case "array": {
      const length = Math.max(Number(schema["minItems"]), Math.min(1, Number(schema["maxItems"])));
      return Array.from({ length }, () => sampleJson(schema["items"] as JsonSchema));
    }
    default:
      return Object.fromEntries(
        Object.entries(schema["properties"] as Record<string, JsonSchema>).map(
          ([name, property]) => [name, sampleJson(property)],
        ),
      );
  }
}

function sampleText(schema: JsonSchema): string {
  const { pattern = "", minLength = 0 } = schema as { pattern?: string; minLength?: number };
  if (schema["contentEncoding"] === "base64url") return "A".repeat(minLength);
  const digits = /^\^\[0-9a-f\]\{(\d+)\}\$$/.exec(pattern)?.[1];
  if (digits !== undefined) return "a".repeat(Number(digits));
  if (pattern.startsWith("^[A-Z]")) return "NOT_FOUND";
  return pattern === "" ? "x".repeat(Math.max(1, minLength)) : "general-hospital";
}

/** What a call of a route needs, each part a sample. */
export function sampleCall(route: Route): {
  readonly params: Record<string, unknown>;
  readonly body: unknown;
  readonly caller: unknown;
} {
  const { params, request, caller } = route;
  return {
    params: Object.fromEntries(
      Object.entries(params).map(([name, shape]) => [name, sampleOf(shape)]),
    ),
    body:
      request.form === "stream"
        ? { content: streamOf([new Uint8Array(1)]) }
        : request.shape === undefined
          ? new Uint8Array(1)
          : (sampleOf(request.shape) as unknown),
    caller:
      caller.who === "bearer"
        ? sampleOf(ticketDocument.shape)
        : caller.who === "signer"
          ? bareCaller(keyOf("sample"))
          : undefined,
  };
}

export interface Damage {
  /** Where and how: `.grants[0].time is left out`. */
  readonly what: string;
  readonly value: unknown;
}

const others: readonly [string, unknown][] = [
  ["a map", {}],
  ["a list of lists", [[]]],
  ["a fraction", 0.5],
  ["a negative number", -1],
  ["long text", "?".repeat(40_000)],
];

/** Every way to leave one field out that a schema requires, and to put something of another type in place of any. */
export function* damagedJson(schema: JsonSchema, whole: unknown, path = ""): Generator<Damage> {
  for (const [what, value] of others) yield { what: `${path} is ${what}`, value };
  const [known] = (schema["oneOf"] ?? schema["anyOf"] ?? [schema]) as readonly JsonSchema[];
  const {
    properties = {},
    required = [],
    items,
  } = known as {
    properties?: Record<string, JsonSchema>;
    required?: readonly string[];
    items?: JsonSchema;
  };
  if (Array.isArray(whole) && whole.length > 0)
    for (const { what, value } of damagedJson(items!, whole[0], `${path}[0]`))
      yield { what, value: whole.with(0, value) };
  for (const [name, property] of Object.entries(properties)) {
    const { [name]: part, ...rest } = whole as Record<string, unknown>;
    if (required.includes(name)) yield { what: `${path}.${name} is left out`, value: rest };
    for (const { what, value } of damagedJson(property, part, `${path}.${name}`))
      yield { what, value: { ...rest, [name]: value } };
  }
}

/** The same for what a CBOR decoder gives: a map's fields and a list's items. */
export function* damagedCbor(whole: unknown, path = ""): Generator<Damage> {
  for (const [what, value] of others) yield { what: `${path} is ${what}`, value };
  if (typeof whole !== "object" || whole === null || whole instanceof Uint8Array) return;
  if (Array.isArray(whole)) {
    for (const [i, part] of whole.entries())
      for (const { what, value } of damagedCbor(part, `${path}[${i}]`))
        yield { what, value: whole.with(i, value) };
    return;
  }
  for (const [name, part] of Object.entries(whole)) {
    const rest = Object.fromEntries(Object.entries(whole).filter(([other]) => other !== name));
    yield { what: `${path}.${name} is left out`, value: rest };
    for (const { what, value } of damagedCbor(part, `${path}.${name}`))
      yield { what, value: { ...rest, [name]: value } };
  }
}
