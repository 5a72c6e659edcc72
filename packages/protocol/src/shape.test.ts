import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { institutionIdShape, pidShape, slipIdFrom } from "./ids.ts";
import {
  hexBytes,
  blob,
  bytes,
  flag,
  fromJson,
  item,
  list,
  literal,
  nfcText,
  nullable,
  object,
  oneOf,
  optional,
  text,
  toJson,
  tuple,
  uint,
  uintUpTo,
  variants,
} from "./shape.ts";
import type { Shape, Shaped } from "./shape.ts";

const end = variants("found", {
  nothing: {},
  value: { value: blob(4) },
  other: { key: bytes(2), count: uint },
});
const thing = object({
  v: literal(1),
  pid: pidShape,
  tag: hexBytes(16),
  at: institutionIdShape,
  key: bytes(3),
  name: nfcText(8),
  kind: oneOf("a", "b"),
  open: flag,
  count: uintUpTo(9),
  refused: optional(uint),
  none: nullable(text(2)),
  pair: tuple({ first: uint, second: bytes(1) }),
  ends: list(end, 3, 1),
});
const value: Shaped<typeof thing> = {
  v: 1,
  pid: pidShape.json.read("ab".repeat(32), "pid"),
  tag: new Uint8Array(16).fill(0xcd),
  at: institutionIdShape.json.read("general-hospital", "at"),
  key: Uint8Array.of(1, 2, 3),
  name: "é",
  kind: "b",
  open: true,
  count: 9,
  refused: 7,
  none: null,
  pair: { first: 5, second: Uint8Array.of(6) },
  ends: [
    { found: "nothing" },
    { found: "value", value: Uint8Array.of(8) },
    { found: "other", key: Uint8Array.of(1, 2), count: 3 },
  ],
};
const document = item("Thing", thing);

test("a value comes back from both of its forms", () => {
  assert.deepEqual(document.decode(document.encode(value)), value);
  assert.deepEqual(fromJson(thing, toJson(thing, value), "Thing"), value);
  const { refused: _, ...without } = value;
  assert.deepEqual(document.decode(document.encode(without)), without);
  assert.deepEqual(fromJson(thing, toJson(thing, without), "Thing"), without);
});

test("ids are bytes in CBOR and hex in JSON, tuples lists and maps, variants begin with their word", () => {
  const cbor = thing.cbor.write(value) as Record<string, unknown>;
  const json = thing.json.write(value) as Record<string, unknown>;
  assert.deepEqual(cbor["pid"], new Uint8Array(32).fill(0xab));
  assert.equal(json["pid"], "ab".repeat(32));
  assert.equal(json["tag"], "cd".repeat(16));
  assert.equal(json["key"], "AQID");
  assert.deepEqual(cbor["pair"], [5, Uint8Array.of(6)]);
  assert.deepEqual(json["pair"], { first: 5, second: "Bg" });
  assert.deepEqual((cbor["ends"] as unknown[])[2], ["other", Uint8Array.of(1, 2), 3]);
  assert.deepEqual((json["ends"] as unknown[])[0], { found: "nothing" });
});

/** Every way to leave a field of a JSON value out, and to put something of another type in its place. */
function* damaged(whole: unknown): Generator<unknown> {
  if (typeof whole !== "object" || whole === null) return;
  const entries = Object.entries(whole);
  for (const [name, part] of entries) {
    const rest = Object.fromEntries(entries.filter(([other]) => other !== name));
    const put = (item: unknown): unknown =>
      Array.isArray(whole) ? whole.with(Number(name), item) : { ...rest, [name]: item };
    if (!Array.isArray(whole)) yield rest;
    for (const other of [{}, [[]], -1, 0.5, "?".repeat(99), undefined]) yield put(other);
    for (const inner of damaged(part)) yield put(inner);
  }
  if (!Array.isArray(whole)) yield { ...whole, stranger: 1 };
}

test("a field left out, of another type or too many is refused, at any depth and in both forms", () => {
  const { refused: _, ...required } = value;
  let count = 0;
  for (const json of damaged(thing.json.write(required))) {
    assert.throws(
      () => thing.json.read(json, "Thing"),
      { code: "MALFORMED" },
      JSON.stringify(json),
    );
    count += 1;
  }
  for (const cbor of damaged(thing.cbor.write(required))) {
    if (cbor instanceof Uint8Array) continue;
    assert.throws(() => thing.cbor.read(cbor, "Thing"), { code: "MALFORMED" });
  }
  assert.ok(count > 100);
});

test("what is absent is not null", () => {
  assert.throws(
    () => thing.cbor.read({ ...(thing.cbor.write(value) as object), refused: null }, "T"),
    {
      message: "T.refused is not a whole number",
    },
  );
  assert.throws(
    () => thing.json.read({ ...(thing.json.write(value) as object), refused: null }, "T"),
    {
      code: "MALFORMED",
    },
  );
});

test("no shape takes what only looks like its value", () => {
  const rows: readonly [Shape<unknown>, unknown][] = [
    [pidShape, "AB".repeat(32)],
    [pidShape, "ab".repeat(31)],
    [bytes(3), "AQI="],
    [bytes(3), "AQJ"], // Not the only form of those bits.
    [bytes(3), "AQIDBA"],
    [nfcText(8), "e\u0301"],
    [nfcText(8), ""],
    [text(2), "abc"],
    [uint, "1"],
    [uint, 2 ** 53],
    [literal(1), true],
    [institutionIdShape, "No"],
    [institutionIdShape, "general-hospital\n"],
    [end, { found: "toString" }],
    [end, { found: "value" }],
  ];
  for (const [shape, json] of rows)
    assert.throws(() => shape.json.read(json, "It"), { code: "MALFORMED" }, JSON.stringify(json));
  for (const cbor of [["value"], ["none"], ["other", Uint8Array.of(1, 2)], [], {}])
    assert.throws(() => item("End", end).decode(encodeCanonical(cbor as CborValue)), {
      code: "MALFORMED",
    });
  assert.throws(() => slipIdFrom(new Uint8Array(31)), { code: "MALFORMED" });
});

test("the JSON Schema says what is required and how it is coded", () => {
  const { properties, required, additionalProperties } = thing.schema as {
    properties: Record<string, Record<string, unknown>>;
    required: string[];
    additionalProperties: boolean;
  };
  assert.equal(additionalProperties, false);
  assert.ok(!required.includes("refused") && required.includes("none"));
  assert.equal(properties["pid"]?.["pattern"], "^[0-9a-f]{64}$");
  assert.equal(properties["key"]?.["contentEncoding"], "base64url");
  assert.deepEqual(properties["kind"], { enum: ["a", "b"] });
});
