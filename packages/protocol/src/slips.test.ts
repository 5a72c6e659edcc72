import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical, sha256, toHex } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { AnamnesisError } from "./errors.ts";
import { decodeGroup, makeGroup } from "./groups.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { slipKinds } from "./slipKinds.ts";
import { decodeSlip, encodeSlip, makeSlip, verifySlip } from "./slips.ts";

const chain = "general-hospital" as ChainId;
const header = { chain, time: 1_767_225_600_000, notAfter: 1_767_225_900_000 };
const key = keyOf("visit");
const fields = { institution: "general-hospital", key: key.publicKey };
const made = makeSlip("session.open", header, fields, signer(key));
const payload = { v: 1, kind: "session.open", ...header, ...fields };
const coded = (change: object, drop?: string): Uint8Array => {
  const map = Object.entries({ ...payload, ...change }).filter(([name]) => name !== drop);
  return encodeSlip(encodeCanonical(Object.fromEntries(map)), new Uint8Array(64));
};
const codeOf = (bytes: Uint8Array): string => {
  try {
    decodeSlip(bytes);
    return "OK";
  } catch (error) {
    if (error instanceof AnamnesisError) return error.code;
    throw error;
  }
};

test("a slip comes back as it was made; its id is SHA-256 of the payload, whatever the signature", () => {
  const slip = decodeSlip(made.bytes);
  assert.deepEqual(
    [slip.kind, slip.fields, slip.chain, slip.time, slip.notAfter],
    ["session.open", fields, chain, header.time, header.notAfter],
  );
  assert.equal(slip.id, toHex(sha256(slip.payload)));
  assert.equal(slip.id, made.id);
  assert.equal(decodeSlip(encodeSlip(slip.payload, new Uint8Array(64))).id, made.id);
  assert.ok(verifySlip(slip, key.publicKey));
  assert.ok(!verifySlip(slip, keyOf("another").publicKey));
});

test("every bit of a slip matters", () => {
  for (let bit = 0; bit < 8 * made.bytes.length; bit += 1) {
    const bytes = made.bytes.with(bit >> 3, made.bytes[bit >> 3]! ^ (1 << (bit & 7)));
    const isRefused =
      codeOf(bytes) !== "OK" ||
      !verifySlip(
        decodeSlip(bytes),
        decodeSlip(bytes).kind === "session.open" ? key.publicKey : new Uint8Array(32),
      );
    assert.ok(isRefused, `bit ${bit}`);
  }
});

const nested = (depth: number): unknown => (depth === 0 ? 0 : [nested(depth - 1)]);
const rows: readonly { when: string; want: string; bytes: () => Uint8Array }[] = [
  { when: "it is whole", want: "OK", bytes: () => coded({}) },
  { when: "it is empty", want: "SLIP_MALFORMED", bytes: () => new Uint8Array() },
  { when: "it is cut off", want: "SLIP_MALFORMED", bytes: () => made.bytes.slice(0, -1) },
  { when: "bytes follow", want: "SLIP_MALFORMED", bytes: () => Uint8Array.of(...made.bytes, 0) },
  {
    when: "it is larger than the limit",
    want: "SLIP_MALFORMED",
    bytes: () => new Uint8Array(limits.slipBytes + 1),
  },
  {
    when: "it is nested 10,000 deep",
    want: "SLIP_MALFORMED",
    bytes: () => new Uint8Array(10_000).fill(0x81),
  },
  {
    when: "a field is nested",
    want: "SLIP_MALFORMED",
    bytes: () => coded({ institution: nested(8) }),
  },
  {
    when: "a length promises a gigabyte",
    want: "SLIP_MALFORMED",
    bytes: () => Uint8Array.of(0x82, 0x5a, 0x40, 0, 0, 0),
  },
  {
    when: "keys are not in order",
    want: "SLIP_MALFORMED",
    bytes: () => encodeSlip(Uint8Array.of(0xa2, 0x61, 0x76, 1, 0x61, 0x62, 1), new Uint8Array(64)),
  },
  {
    when: "a key stands twice",
    want: "SLIP_MALFORMED",
    bytes: () => encodeSlip(Uint8Array.of(0xa2, 0x61, 0x76, 1, 0x61, 0x76, 1), new Uint8Array(64)),
  },
  {
    when: "an integer is longer than needed",
    want: "SLIP_MALFORMED",
    bytes: () => encodeSlip(Uint8Array.of(0xa1, 0x61, 0x76, 0x18, 1), new Uint8Array(64)),
  },
  {
    when: "the payload is no map",
    want: "SLIP_MALFORMED",
    bytes: () => encodeSlip(encodeCanonical([1]), new Uint8Array(64)),
  },
  {
    when: "the signature is short",
    want: "SLIP_MALFORMED",
    bytes: () => encodeSlip(encodeCanonical(payload), new Uint8Array(63)),
  },
  {
    when: "it has three parts",
    want: "SLIP_MALFORMED",
    bytes: () => encodeCanonical([encodeCanonical(payload), new Uint8Array(64), 0]),
  },
  { when: "the version is 2", want: "UNKNOWN_KIND", bytes: () => coded({ v: 2 }) },
  { when: "the version is missing", want: "UNKNOWN_KIND", bytes: () => coded({}, "v") },
  {
    when: "the kind is unknown",
    want: "UNKNOWN_KIND",
    bytes: () => coded({ kind: "record.delete" }),
  },
  {
    when: "the kind is a property of every object",
    want: "UNKNOWN_KIND",
    bytes: () => coded({ kind: "constructor" }),
  },
  { when: "the kind is no text", want: "UNKNOWN_KIND", bytes: () => coded({ kind: 1 }) },
  { when: "a field is missing", want: "SLIP_MALFORMED", bytes: () => coded({}, "institution") },
  { when: "a field is too many", want: "SLIP_MALFORMED", bytes: () => coded({ name: "x" }) },
  {
    when: "a field is named __proto__",
    want: "SLIP_MALFORMED",
    bytes: () => coded(JSON.parse('{"__proto__": 1}') as object),
  },
  {
    when: "a key has 31 bytes",
    want: "SLIP_MALFORMED",
    bytes: () => coded({ key: bytesOf("k", 31) }),
  },
  { when: "a text is empty", want: "SLIP_MALFORMED", bytes: () => coded({ institution: "" }) },
  {
    when: "a text is too long",
    want: "SLIP_MALFORMED",
    bytes: () => coded({ institution: "x".repeat(65) }),
  },
  {
    when: "a text is not NFC",
    want: "SLIP_MALFORMED",
    bytes: () => coded({ institution: "Universita\u0308t" }),
  },
  { when: "a text is a number", want: "SLIP_MALFORMED", bytes: () => coded({ institution: 7 }) },
  { when: "a time is negative", want: "SLIP_MALFORMED", bytes: () => coded({ time: -1 }) },
  {
    when: "a time is beyond 2^53",
    want: "SLIP_MALFORMED",
    bytes: () => coded({ notAfter: 2n ** 60n }),
  },
  { when: "a time is missing", want: "SLIP_MALFORMED", bytes: () => coded({}, "notAfter") },
  { when: "the chain is no text", want: "SLIP_MALFORMED", bytes: () => coded({ chain: 1 }) },
];
for (const { when, want, bytes } of rows)
  test(`decodeSlip() gives ${want} when ${when}`, () => assert.equal(codeOf(bytes()), want));

test("decodeSlip() names the field, never its value", () => {
  assert.throws(
    () => decodeSlip(coded({ institution: "\u0308secret" + "x".repeat(64) })),
    (error: Error) => {
      assert.match(error.message, /field institution of session\.open/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    },
  );
});

test("flags are true or false", () => {
  const suspend = (suspended: unknown) =>
    codeOf(
      encodeSlip(
        encodeCanonical({
          v: 1,
          kind: "institution.suspend",
          ...header,
          id: "city-hospital",
          suspended: suspended as number,
          cosigned: [],
        }),
        new Uint8Array(64),
      ),
    );
  assert.deepEqual([false, true, 1].map(suspend), ["OK", "OK", "SLIP_MALFORMED"]);
});

test("one bad slip refuses the whole group, with the slip's code", () => {
  const group = (slips: readonly Uint8Array[]) =>
    makeGroup(chain, chain as string as InstitutionId, slips, signer(key));
  assert.equal(decodeGroup(group([made.bytes, made.bytes])).slips.length, 2);
  assert.throws(() => decodeGroup(group([made.bytes, coded({}, "key"), made.bytes])), {
    code: "SLIP_MALFORMED",
  });
  assert.throws(() => decodeGroup(group([made.bytes, coded({ kind: "x" })])), {
    code: "UNKNOWN_KIND",
  });
});

test("no two kinds share a signature type but the two that design gives one name", () => {
  const byType = Map.groupBy(Object.entries(slipKinds), ([, { signatureType }]) => signatureType);
  const shared = [...byType]
    .filter(([, kinds]) => kinds.length > 1)
    .map(([type, kinds]) => [type, kinds.map(([kind]) => kind)]);
  assert.deepEqual(shared, [["OUTER", ["record.submit", "record.amend"]]]);
});
