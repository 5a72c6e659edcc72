import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { decode, encode, rfc8949EncodeOptions } from "cborg";
import fc from "fast-check";
import { toHex } from "./bytes.ts";
import { decodeCanonical, encodeCanonical } from "./cbor.ts";
import type { CborValue } from "./cborValue.ts";
import { CryptoError } from "../errors.ts";

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

const ORACLE = { strict: true, rejectDuplicateMapKeys: true, allowBigInt: true } as const;

/** cborg, another implementation, is the oracle: whatever is read it reads too, alike, and writes in the same bytes. */
function agrees(bytes: Uint8Array): void {
  let value: CborValue;
  try {
    value = decodeCanonical(bytes);
  } catch (error) {
    assert.ok(error instanceof CryptoError, String(error));
    assert.equal(isDeterministic(bytes), false);
    return;
  }
  assert.deepEqual(value, decode(bytes, ORACLE));
  assert.equal(toHex(encode(value, rfc8949EncodeOptions)), toHex(bytes));
}

/** Whether the oracle reads the bytes, writes them again as they are, and they hold only what is used here. */
function isDeterministic(bytes: Uint8Array): boolean {
  try {
    const value = decode(bytes, ORACLE) as CborValue;
    return toHex(encodeCanonical(value)) === toHex(bytes);
  } catch {
    return false;
  }
}

suite("canonical CBOR beside another implementation", () => {
  test("encodeCanonical() writes what another implementation writes", () => {
    const anything = tree(fc.oneof(leaf, odd), fc.oneof(key, text));
    fc.assert(
      fc.property(anything, (value) => {
        assert.equal(toHex(encodeCanonical(value)), toHex(encode(value, rfc8949EncodeOptions)));
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  test("decodeCanonical() reads what slips, groups, blocks and state are made of", () => {
    fc.assert(
      fc.property(tree(leaf, key), (value) => {
        assert.deepEqual(decodeCanonical(encodeCanonical(value)), value);
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

  test("no bytes are taken that another decoder refuses, or refused that are deterministic", () => {
    fc.assert(
      fc.property(
        tree(fc.oneof(leaf, odd), fc.oneof(key, text)),
        fc.nat(),
        fc.nat(255),
        (value, at, byte) => {
          const bytes = encodeCanonical(value);
          agrees(bytes.with(at % bytes.length, byte));
          agrees(bytes.slice(0, at % bytes.length));
          agrees(Uint8Array.of(...bytes, byte));
        },
      ),
      { seed: 3, numRuns: 2_000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), agrees), { seed: 4, numRuns: 10_000 });
  });
});
