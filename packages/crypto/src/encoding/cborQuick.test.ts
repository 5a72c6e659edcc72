import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { decode, encode, rfc8949EncodeOptions } from "cborg";
import fc from "fast-check";
import { toHex } from "./bytes.ts";
import { decodeCanonical, encodeCanonical } from "./cbor.ts";
import type { CborValue } from "./cbor.ts";
import { readQuickly } from "./cborReader.ts";

const text = fc
  .string({ unit: "grapheme", maxLength: 300 })
  .filter((value) => !value.startsWith("\uFEFF") && value.isWellFormed());
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeNat(),
  fc.nat(300),
  text,
  fc.uint8Array({ maxLength: 300 }),
);
const odd = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
  fc.constantFrom(
    23,
    24,
    255,
    256,
    65_535,
    65_536,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 53 - 1,
    -1,
    -24,
    -25,
  ),
);
const key = fc.stringMatching(/^[ -~]{1,23}$/).filter((name) => name !== "__proto__");
const tree = (item: fc.Arbitrary<CborValue>, keys: fc.Arbitrary<string>) =>
  fc.letrec<{ value: CborValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      item,
      fc.array(tie("value"), { maxLength: 20 }),
      fc.dictionary(keys, tie("value"), { maxKeys: 6, noNullPrototype: true }),
    ),
  })).value;

/** cborg, another implementation, is the oracle: whatever is read quickly it reads too, and writes in the same bytes. */
function agrees(bytes: Uint8Array): void {
  const quick = readQuickly(bytes);
  if (quick === undefined) return;
  assert.deepEqual(quick, decode(bytes, { strict: true, rejectDuplicateMapKeys: true }));
  assert.equal(toHex(encode(quick, rfc8949EncodeOptions)), toHex(bytes));
}

suite("the quick way through canonical CBOR", () => {
  test("encodeCanonical() writes what another implementation writes", () => {
    const anything = tree(fc.oneof(leaf, odd), fc.oneof(key, text));
    fc.assert(
      fc.property(anything, (value) => {
        assert.equal(toHex(encodeCanonical(value)), toHex(encode(value, rfc8949EncodeOptions)));
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test("readQuickly() reads what slips, groups, blocks and state are made of", () => {
    fc.assert(
      fc.property(tree(leaf, key), (value) => {
        assert.deepEqual(readQuickly(encodeCanonical(value)), value);
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });

  test("long byte strings are views where that is asked for, and copies else", () => {
    const long = new Uint8Array(100).fill(1);
    const bytes = encodeCanonical([long, new Uint8Array(64).fill(2)]);
    const [view, short] = decodeCanonical(bytes, { views: true }) as Uint8Array[];
    const [copy] = decodeCanonical(bytes) as Uint8Array[];
    bytes.fill(0);
    assert.deepEqual(view, new Uint8Array(100));
    assert.deepEqual(short, new Uint8Array(64).fill(2));
    assert.deepEqual(copy, long);
  });

  test("no bytes are taken that another decoder refuses, or read otherwise", () => {
    fc.assert(
      fc.property(tree(leaf, key), fc.nat(), fc.nat(255), (value, at, byte) => {
        const bytes = encodeCanonical(value);
        agrees(bytes.with(at % bytes.length, byte));
        agrees(bytes.slice(0, at % bytes.length));
        agrees(Uint8Array.of(...bytes, byte));
      }),
      { seed: 3, numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), agrees), { seed: 4, numRuns: 10_000 });
  });

  const other: Record<string, Uint8Array> = {
    "a longer integer than needed": Uint8Array.of(0xa1, 0x61, 0x61, 0x18, 23),
    "a longer length than needed": Uint8Array.of(0xa1, 0x61, 0x61, 0x58, 1, 0),
    "a longer key length than needed": Uint8Array.of(0xa1, 0x78, 1, 0x61, 0),
    "keys out of order": Uint8Array.of(0xa2, 0x61, 0x62, 0, 0x61, 0x61, 0),
    "a key twice": Uint8Array.of(0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0),
    "an empty key": Uint8Array.of(0xa1, 0x60, 0),
    "a number as key": Uint8Array.of(0xa1, 0, 0),
    "an indefinite length": Uint8Array.of(0xbf, 0x61, 0x61, 0, 0xff),
    "text that is not UTF-8": Uint8Array.of(0xa1, 0x61, 0x61, 0x61, 0xff),
    "text with a byte order mark": Uint8Array.of(0xa1, 0x61, 0x61, 0x63, 0xef, 0xbb, 0xbf),
    "a number beyond 2^53": Uint8Array.of(0xa1, 0x61, 0x61, 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
    "a count beyond the bytes": Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff),
    "a negative number": Uint8Array.of(0x81, 0x20),
    "a tag": Uint8Array.of(0xc0, 0),
    "a float": Uint8Array.of(0xf9, 0, 0),
    undefined: Uint8Array.of(0xf7),
    "a simple value in two bytes": Uint8Array.of(0xf8, 22),
    nothing: Uint8Array.of(),
  };
  for (const [what, bytes] of Object.entries(other))
    test(`readQuickly() leaves ${what} to the general decoder`, () =>
      assert.equal(readQuickly(bytes), undefined));
});
