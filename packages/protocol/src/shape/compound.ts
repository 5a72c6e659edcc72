import { malformed } from "./form.ts";
import type { Form, JsonSchema, Shape, Shaped, Side } from "./form.ts";

/** Both forms, made the same way from the same forms of the parts. */
const both = <T>(want: string, schema: JsonSchema, make: (side: Side) => Form<T>): Shape<T> => ({
  want,
  cbor: make("cbor"),
  json: make("json"),
  schema,
});

export const list = <T>(item: Shape<T>, max: number, min = 0): Shape<readonly T[]> => {
  const want = `a list of ${min === 0 ? "at most" : `${min} to`} ${max}, each ${item.want}`;
  const schema = { type: "array", items: item.schema, minItems: min, maxItems: max };
  return both(want, schema, (side) => {
    const { read, write } = item[side];
    return {
      read(value, path) {
        if (!Array.isArray(value) || value.length < min || value.length > max)
          throw malformed(path, want);
        return value.map((element, i) => read(element, `${path}[${i}]`));
      },
      write: (value) => value.map(write),
    };
  });
};

/** `null` where there is none; the field itself is always there. */
export const nullable = <T>(shape: Shape<T>): Shape<T | null> =>
  both(`${shape.want} or null`, { anyOf: [shape.schema, { type: "null" }] }, (side) => ({
    read: (value, path) => (value === null ? null : shape[side].read(value, path)),
    write: (value) => (value === null ? null : shape[side].write(value)),
  }));

/** A field of a map that may be absent. Where it is there it is of its shape: `null` is no absence. */
export interface Optional<T> {
  readonly optional: Shape<T>;
}
export const optional = <T>(shape: Shape<T>): Optional<T> => ({ optional: shape });

export type Fields = Readonly<Record<string, Shape<unknown>>>;
export type MapFields = Readonly<Record<string, Shape<unknown> | Optional<unknown>>>;
type OptionalName<F> = { [N in keyof F]: F[N] extends Optional<unknown> ? N : never }[keyof F];
type Flat<T> = { [N in keyof T]: T[N] };
export type ShapedFields<F> = Flat<
  { [N in Exclude<keyof F, OptionalName<F>>]: Shaped<F[N]> } & {
    [N in OptionalName<F>]?: F[N] extends Optional<infer T> ? T : never;
  }
>;

const shapeOf = (field: Shape<unknown> | Optional<unknown>): Shape<unknown> =>
  "optional" in field ? field.optional : field;

/** A map with exactly these fields. */
export function object<F extends MapFields>(fields: F): Shape<ShapedFields<F>> {
  const entries = Object.entries(fields);
  const want = `a map of ${Object.keys(fields).join(", ")}`;
  return both(want, mapSchema(fields), (side) => ({
    read(value, path) {
      if (!isMap(value)) throw malformed(path, want);
      const found: Record<string, unknown> = {};
      let left = Object.keys(value).length;
      for (const [name, field] of entries) {
        const isThere = Object.hasOwn(value, name);
        if (!isThere && "optional" in field) continue;
        if (isThere) left -= 1;
        found[name] = shapeOf(field)[side].read(
          isThere ? value[name] : undefined,
          `${path}.${name}`,
        );
      }
      if (left > 0) throw malformed(`${path}.${strangerIn(value, fields)}`, "a known field");
      return found as ShapedFields<F>;
    },
    write: (value) => written(value, entries, side),
  }));
}

/** Fields by name in the program and in JSON; in CBOR an array of them in this order. */
export function tuple<F extends Fields>(fields: F): Shape<ShapedFields<F>> {
  const { json, schema } = object(fields);
  const entries = Object.entries(fields);
  const want = `a list of ${Object.keys(fields).join(", ")}`;
  return {
    want,
    cbor: {
      read(value, path) {
        if (!Array.isArray(value) || value.length !== entries.length) throw malformed(path, want);
        return fromItems(entries, value, path) as ShapedFields<F>;
      },
      write: (value) => inOrder(value, entries),
    },
    json,
    schema,
  };
}

type Kinds = Readonly<Record<string, Fields>>;
export type ShapedKind<Tag extends string, K extends Kinds> = {
  [N in keyof K]: Flat<{ [T in Tag]: N } & ShapedFields<K[N]>>;
}[keyof K];

/** One of several tuples, told apart by a word: the field `tag` in the program and in JSON, the first item in CBOR. */
export function variants<const Tag extends string, K extends Kinds>(
  tag: Tag,
  kinds: K,
): Shape<ShapedKind<Tag, K>> {
  const want = `one of ${Object.keys(kinds).join(", ")}`;
  const kindOf = (value: unknown, path: string): [string, [string, Shape<unknown>][]] => {
    if (typeof value !== "string" || !Object.hasOwn(kinds, value)) throw malformed(path, want);
    return [value, Object.entries(kinds[value]!)];
  };
  return {
    want,
    cbor: {
      read(value, path) {
        if (!Array.isArray(value)) throw malformed(path, want);
        const [kind, entries] = kindOf(value[0], path);
        if (value.length !== 1 + entries.length)
          throw malformed(path, `${kind} and ${entries.length} more`);
        return { [tag]: kind, ...fromItems(entries, value.slice(1), path) } as ShapedKind<Tag, K>;
      },
      write(value) {
        const [kind, entries] = kindOf((value as Record<string, unknown>)[tag], tag);
        return [kind, ...inOrder(value, entries)];
      },
    },
    json: {
      read(value, path) {
        if (!isMap(value)) throw malformed(path, want);
        const { [tag]: word, ...fields } = value;
        const [kind] = kindOf(word, `${path}.${tag}`);
        return { [tag]: kind, ...object(kinds[kind]!).json.read(fields, path) } as ShapedKind<
          Tag,
          K
        >;
      },
      write(value) {
        const [kind, entries] = kindOf((value as Record<string, unknown>)[tag], tag);
        return { [tag]: kind, ...written(value, entries, "json") };
      },
    },
    schema: {
      oneOf: Object.entries(kinds).map(([kind, fields]) => {
        const { properties, required } = mapSchema(fields);
        return objectSchema({ [tag]: { const: kind }, ...(properties as object) }, [
          tag,
          ...(required as string[]),
        ]);
      }),
    },
  };
}

type Entries = readonly (readonly [string, Shape<unknown> | Optional<unknown>])[];

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Uint8Array);

const strangerIn = (value: object, fields: object): string =>
  Object.keys(value).find((name) => !Object.hasOwn(fields, name))!;

function fromItems(
  entries: readonly (readonly [string, Shape<unknown>])[],
  items: readonly unknown[],
  path: string,
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  entries.forEach(([name, shape], i) => {
    found[name] = shape.cbor.read(items[i], `${path}.${name}`);
  });
  return found;
}

const inOrder = (value: unknown, entries: Entries): unknown[] =>
  entries.map(([name, field]) =>
    shapeOf(field).cbor.write((value as Record<string, unknown>)[name]),
  );

function written(value: unknown, entries: Entries, side: Side): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [name, field] of entries) {
    const item = (value as Record<string, unknown>)[name];
    if (item === undefined && "optional" in field) continue;
    map[name] = shapeOf(field)[side].write(item);
  }
  return map;
}

const objectSchema = (properties: JsonSchema, required: readonly string[]): JsonSchema => ({
  type: "object",
  properties,
  required,
  additionalProperties: false,
});

const mapSchema = (fields: MapFields): JsonSchema =>
  objectSchema(
    Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [name, shapeOf(field).schema]),
    ),
    Object.keys(fields).filter((name) => !("optional" in fields[name]!)),
  );
