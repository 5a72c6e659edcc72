import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeCanonical, encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { readBytesList, readFlatList, readFlatMap } from "./flatCbor.ts";

const general = (bytes: Uint8Array): CborValue | undefined => {
  try {
    return decodeCanonical(bytes);
  } catch {
    return undefined;
  }
};
/** Whatever the quick reader answers, the general decoder answers too. */
const agrees = (bytes: Uint8Array): void => {
  for (const quick of [readFlatMap(bytes), readBytesList(bytes), readFlatList(bytes)])
    if (quick !== undefined) assert.deepEqual(quick, general(bytes));
};

const bytesValue = fc.uint8Array({ maxLength: 300 });
const name = fc.stringMatching(/^[ -~]{1,23}$/).filter((key) => key !== "__proto__");
const value = fc.oneof(
  fc.maxSafeNat(),
  fc.nat(300),
  fc
    .string({ unit: "grapheme", maxLength: 300 })
    .filter((text) => !text.startsWith("\uFEFF") && text.isWellFormed()),
  bytesValue,
  fc.array(fc.oneof(fc.nat(30), fc.maxSafeNat()), { maxLength: 30 }),
);

test("readFlatMap() reads every map of flat values as the general decoder does", () => {
  fc.assert(
    fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (map) => {
      const bytes = encodeCanonical(map as CborValue);
      const quick = readFlatMap(bytes);
      assert.deepEqual(quick, map);
      assert.deepEqual(quick, general(bytes));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test("readBytesList() reads lists of byte strings as the general decoder does", () => {
  fc.assert(
    fc.property(fc.array(bytesValue, { maxLength: 40 }), (list) =>
      assert.deepEqual(readBytesList(encodeCanonical(list)), list),
    ),
    { seed: 2, numRuns: 200 },
  );
});

test("readFlatList() reads every list of flat values as the general decoder does", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 12 }), (list) =>
      assert.deepEqual(readFlatList(encodeCanonical(list)), list),
    ),
    { seed: 5, numRuns: 500 },
  );
});

test("no bytes are taken that the general decoder refuses, or read otherwise", () => {
  fc.assert(
    fc.property(
      fc.dictionary(name, value, { noNullPrototype: true, maxKeys: 5 }),
      fc.nat(),
      fc.nat(255),
      (map, at, byte) => {
        const bytes = encodeCanonical(map as CborValue);
        agrees(bytes.with(at % bytes.length, byte));
        agrees(bytes.slice(0, at % bytes.length));
        agrees(Uint8Array.of(...bytes, byte));
      },
    ),
    { seed: 3, numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 12 }), agrees), { seed: 4, numRuns: 5_000 });
});

const other: Record<string, Uint8Array> = {
  "a longer integer than needed": Uint8Array.of(0xa1, 0x61, 0x61, 0x18, 23),
  "a longer length than needed": Uint8Array.of(0xa1, 0x61, 0x61, 0x58, 1, 0),
  "keys out of order": Uint8Array.of(0xa2, 0x61, 0x62, 0, 0x61, 0x61, 0),
  "a key twice": Uint8Array.of(0xa2, 0x61, 0x61, 0, 0x61, 0x61, 0),
  "an empty key": Uint8Array.of(0xa1, 0x60, 0),
  "a number as key": Uint8Array.of(0xa1, 0, 0),
  "an indefinite length": Uint8Array.of(0xbf, 0x61, 0x61, 0, 0xff),
  "text that is not UTF-8": Uint8Array.of(0xa1, 0x61, 0x61, 0x61, 0xff),
  "text with a byte order mark": Uint8Array.of(0xa1, 0x61, 0x61, 0x63, 0xef, 0xbb, 0xbf),
  "a number beyond 2^53": Uint8Array.of(0xa1, 0x61, 0x61, 0x1b, 0, 0x20, 0, 0, 0, 0, 0, 0),
  "a count beyond the bytes": Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff),
  "a nested map": Uint8Array.of(0xa1, 0x61, 0x61, 0xa0),
  null: Uint8Array.of(0xa1, 0x61, 0x61, 0xf6),
};
for (const [what, bytes] of Object.entries(other))
  test(`readFlatMap() leaves ${what} to the general decoder`, () =>
    assert.equal(readFlatMap(bytes), undefined));
