import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import vectors from "../../../../tests/vectors/canonical-cbor.json" with { type: "json" };
import { fromHex, toHex } from "./bytes.ts";
import { decodeCanonical, encodeCanonical } from "./cbor.ts";
import type { CborValue } from "./cborValue.ts";
import { CryptoError } from "../errors.ts";

suite("canonical CBOR", () => {
  test("encodeCanonical() and decodeCanonical() agree with the vectors", () => {
    for (const { hex, json } of vectors.positive) {
      assert.equal(toHex(encodeCanonical(json as CborValue)), hex);
      assert.deepEqual(decodeCanonical(fromHex(hex)), json);
    }
  });

  test("integers of up to 64 bits come back, as numbers where those are exact", () => {
    for (const { hex, value } of vectors.integers) {
      const integer = BigInt(value);
      const want = Number.isSafeInteger(Number(integer)) ? Number(integer) : integer;
      assert.equal(decodeCanonical(fromHex(hex)), want);
      assert.equal(toHex(encodeCanonical(want)), hex);
    }
  });

  test("decodeCanonical() refuses every negative vector with its code", () => {
    for (const { hex, code, why } of vectors.negative) {
      assert.throws(() => decodeCanonical(fromHex(hex)), { code }, why);
      // Inside an array it is no better.
      const isOneItem = !/two items|a byte more|twice$/.test(why);
      if (hex !== "" && isOneItem) {
        assert.throws(() => decodeCanonical(fromHex(`82${hex}00`)), CryptoError, `${why}, nested`);
      }
    }
  });

  test("whatever encodes decodes to itself, with keys in any order", () => {
    const leaf = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
      fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
      fc
        .string({ unit: "grapheme" })
        .filter((text) => text.isWellFormed() && !text.startsWith("\uFEFF")),
      fc.uint8Array(),
    );
    const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie("value"), { maxLength: 4 }),
        fc.dictionary(fc.string({ minLength: 1, maxLength: 5 }), tie("value"), {
          maxKeys: 4,
          noNullPrototype: true,
        }),
      ),
    }));
    fc.assert(
      fc.property(value, (item) => {
        const bytes = encodeCanonical(item);
        const decoded = decodeCanonical(bytes);
        assert.equal(toHex(encodeCanonical(decoded)), toHex(bytes));
        assert.deepEqual(encodeCanonical(reversed(item)), bytes);
      }),
      { numRuns: 300, seed: 6 },
    );
  });

  test("random and damaged bytes give a code or their own canonical form, never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        let decoded: CborValue;
        try {
          decoded = decodeCanonical(bytes);
        } catch (error) {
          assert.ok(error instanceof CryptoError, String(error));
          return;
        }
        assert.deepEqual(encodeCanonical(decoded), bytes);
      }),
      { numRuns: 3000, seed: 7 },
    );
  });

  test("nesting is 16 levels deep and no deeper", () => {
    const nested = (depth: number): string => "81".repeat(depth) + "00";
    decodeCanonical(fromHex(nested(16)));
    assert.throws(() => decodeCanonical(fromHex(nested(17))), { code: "TOO_DEEP" });
    assert.throws(() => decodeCanonical(fromHex(`${"a16161".repeat(17)}00`)), { code: "TOO_DEEP" });
    assert.throws(() => decodeCanonical(fromHex("81".repeat(100_000))), { code: "TOO_DEEP" });
    // Width is not depth.
    decodeCanonical(fromHex(`98c8${"8100".repeat(200)}`));
    let value: CborValue = 0;
    for (let i = 0; i < 17; i += 1) value = [value];
    assert.throws(() => encodeCanonical(value), { code: "TOO_DEEP" });
  });

  test("decodeCanonical() refuses more bytes than allowed before it reads them", () => {
    const bytes = encodeCanonical(new Uint8Array(100));
    assert.throws(() => decodeCanonical(bytes, { maxBytes: 101 }), { code: "TOO_LARGE" });
    assert.deepEqual(decodeCanonical(bytes, { maxBytes: 102 }), new Uint8Array(100));
    assert.throws(() => decodeCanonical(new Uint8Array((1 << 20) + 1)), { code: "TOO_LARGE" });
  });

  test("encodeCanonical() refuses what CBOR here does not hold", () => {
    const values: unknown[] = [
      undefined,
      1.5,
      Number.NaN,
      Infinity,
      -0,
      2 ** 53,
      2n ** 64n,
      -(2n ** 64n) - 1n,
      { "\ud800": 1 },
      Symbol("s"),
      () => 1,
      new Date(0),
      new Map(),
      { a: undefined },
      "\ud800",
      "\uFEFFa",
    ];
    for (const value of values) {
      assert.throws(
        () => encodeCanonical(value as CborValue),
        { code: "MALFORMED" },
        String(value),
      );
    }
  });

  test("encodeCanonical() takes the edges of what it holds, and objects without a prototype", () => {
    for (const value of [2n ** 64n - 1n, -(2n ** 64n)])
      assert.equal(decodeCanonical(encodeCanonical(value)), value);
    const bare = Object.assign(Object.create(null) as object, { a: 1 });
    assert.deepEqual(encodeCanonical(bare as CborValue), encodeCanonical({ a: 1 }));
  });

  test("bytes that end before what they announce are malformed, whatever is said of what is there", () => {
    const rows = [
      "831800", // An array of three, whose first is longer than needed.
      "62c3", // A text that ends within a character.
      "1b00000000", // A long integer that would be too long.
      `1c${"ff".repeat(16)}`, // Reserved lengths.
      `1d${"ff".repeat(32)}`,
      `5c${"00".repeat(16)}`,
      "18",
      "1900",
      "1a000000",
    ];
    for (const hex of rows)
      assert.throws(() => decodeCanonical(fromHex(hex)), { code: "MALFORMED" }, hex);
  });

  test("a key named __proto__ stays a key", () => {
    const decoded = decodeCanonical(fromHex("a1695f5f70726f746f5f5fa1616101")) as object;
    assert.equal(Object.getPrototypeOf(decoded), Object.prototype);
    assert.deepEqual(Object.keys(decoded), ["__proto__"]);
  });
});

function reversed(value: CborValue): CborValue {
  if (Array.isArray(value)) return value.map((item: CborValue) => reversed(item));
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  const entries = Object.entries(value).map(
    ([key, item]) => [key, reversed(item as CborValue)] as const,
  );
  return Object.fromEntries(entries.toReversed());
}
