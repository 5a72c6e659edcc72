import { AnamnesisError } from "../errors.ts";
import type { Fields, MapFields, Optional, Shape, ShapedFields } from "../shape.ts";
import type { Route } from "./route.ts";

/**
 * Path and query of a route as text. Values are written as in JSON, numbers in decimal.
 */
export function addressOf(
  route: Pick<Route, "path" | "params" | "query">,
  params: Readonly<Record<string, unknown>>,
  query: Readonly<Record<string, unknown>>,
): { readonly path: string; readonly query: string } {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) =>
    encodeURIComponent(toText(route.params[name]!, params[name])),
  );
  const pairs = Object.entries(route.query).flatMap(([name, field]) => {
    const value = query[name];
    if (value === undefined) return [];
    return [`${name}=${encodeURIComponent(toText(shapeOf(field), value))}`];
  });
  return { path, query: pairs.join("&") };
}

/** @throws {AnamnesisError} BAD_REQUEST */
export function readParams<P extends Fields>(
  fields: P,
  texts: Readonly<Record<string, string | undefined>>,
): ShapedFields<P> {
  return read(fields, texts) as ShapedFields<P>;
}

/** @throws {AnamnesisError} BAD_REQUEST, also for one that is not known or comes twice. */
export function readQuery<Q extends MapFields>(
  fields: Q,
  texts: Readonly<Record<string, unknown>>,
): ShapedFields<Q> {
  const stranger = Object.keys(texts).find((name) => !Object.hasOwn(fields, name));
  if (stranger !== undefined)
    throw new AnamnesisError("BAD_REQUEST", `Parameter '${stranger.slice(0, 40)}' is not known`);
  return read(fields, texts) as ShapedFields<Q>;
}

function read(
  fields: MapFields,
  texts: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const text = texts[name];
    if (text === undefined && "optional" in field) continue;
    found[name] = fromText(shapeOf(field), text, name);
  }
  return found;
}

const shapeOf = (field: Shape<unknown> | Optional<unknown>): Shape<unknown> =>
  "optional" in field ? field.optional : field;

const isNumber = (shape: Shape<unknown>): boolean => shape.schema["type"] === "integer";

const toText = (shape: Shape<unknown>, value: unknown): string => String(shape.json.write(value));

function fromText(shape: Shape<unknown>, text: unknown, name: string): unknown {
  const isDecimal = typeof text === "string" && /^(?:0|[1-9]\d{0,15})$/.test(text);
  try {
    return shape.json.read(isNumber(shape) && isDecimal ? Number(text) : text, name);
  } catch (cause) {
    const why = `Parameter ${name} is not ${shape.want}`;
    throw new AnamnesisError("BAD_REQUEST", why, { cause });
  }
}
