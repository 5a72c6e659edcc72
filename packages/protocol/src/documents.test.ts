import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { accessRequest } from "./requests.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { decodeMessage, encodeMessage } from "./messages.ts";
import { makeTicket, ticketDocument, verifyTicket } from "./tickets.ts";
import { blob, document, list, literal, nullable, object, oneOf, text, uint } from "./shape.ts";

const good = {
  v: 1,
  certificate: bytesOf("c"),
  reader: ["certificate", bytesOf("c")],
  categories: null,
  records: [bytesOf("r")],
  sensitive: false,
  actions: ["read"],
  purpose: "TREAT",
  until: 1_767_225_600_000,
  r: bytesOf("r"),
  reply: { nonce: bytesOf("n", 16), notAfter: 1_767_225_600_000, key: bytesOf("k") },
  text: "Please",
} as const;
const request = (change: object, drop?: string): Uint8Array =>
  encodeCanonical(
    Object.fromEntries(
      Object.entries({ ...good, ...change }).filter(([name]) => name !== drop),
    ) as CborValue,
  );

test("a document comes back as it was coded", () => {
  const reader = { kind: "certificate", fingerprint: bytesOf("c") };
  assert.deepEqual(accessRequest.decode(request({})), { ...good, reader });
  assert.deepEqual(accessRequest.encode(accessRequest.decode(request({}))), request({}));
});

const rows: readonly { when: string; want: string; bytes: Uint8Array; says?: RegExp }[] = [
  { when: "the version is unknown", want: "UNSUPPORTED_VERSION", bytes: request({ v: 2 }) },
  { when: "there is no version", want: "UNSUPPORTED_VERSION", bytes: request({}, "v") },
  { when: "it is no map", want: "UNSUPPORTED_VERSION", bytes: encodeCanonical([1]) },
  { when: "the suite is unknown", want: "UNSUPPORTED_SUITE", bytes: request({ suite: "MRS-V2" }) },
  {
    when: "a field is missing",
    want: "MALFORMED",
    bytes: request({}, "r"),
    says: /Access request\.r is not 32 bytes/,
  },
  {
    when: "a field is too many",
    want: "MALFORMED",
    bytes: request({ extra: 1 }),
    says: /Access request\.extra is not a known field/,
  },
  {
    when: "a field is of another type",
    want: "MALFORMED",
    bytes: request({ until: "soon" }),
    says: /until is not a whole number/,
  },
  {
    when: "a word is none of those allowed",
    want: "MALFORMED",
    bytes: request({ purpose: "FUN" }),
    says: /purpose is not one of TREAT/,
  },
  {
    when: "a list item is wrong",
    want: "MALFORMED",
    bytes: request({ records: [bytesOf("r"), bytesOf("r", 31)] }),
    says: /records\[1\] is not 32 bytes/,
  },
  {
    when: "a list is too long",
    want: "MALFORMED",
    bytes: request({ actions: ["read", "read", "read", "read", "read"] }),
  },
  { when: "bytes follow", want: "MALFORMED", bytes: Uint8Array.of(...request({}), 0) },
  {
    when: "an integer is longer than needed",
    want: "NOT_CANONICAL",
    bytes: Uint8Array.of(0xa1, 0x61, 0x76, 0x18, 1),
  },
  { when: "it is nested too deep", want: "TOO_DEEP", bytes: new Uint8Array(100).fill(0x81) },
  { when: "it is larger than a mebibyte", want: "TOO_LARGE", bytes: new Uint8Array((1 << 20) + 1) },
];
for (const { when, want, bytes, says = /./ } of rows) {
  test(`a document gives ${want} when ${when}`, () =>
    assert.throws(() => accessRequest.decode(bytes), {
      name: "AnamnesisError",
      code: want,
      message: says,
    }));
}

test("shapes parse exactly what they say", () => {
  const shape = object({
    v: literal(1),
    one: oneOf("a", "b"),
    maybe: nullable(uint),
    many: list(text(3), 2),
    some: blob(2),
  });
  const value = { v: 1, one: "b", maybe: null, many: ["abc"], some: new Uint8Array(2) } as const;
  const parsed = document("Thing", shape);
  assert.deepEqual(parsed.decode(parsed.encode({ ...value, many: [...value.many] })), value);
  for (const change of [
    { one: "c" },
    { maybe: -1 },
    { maybe: undefined },
    { many: ["abcd"] },
    { many: "abc" },
    { some: new Uint8Array(3) },
  ])
    assert.throws(() => shape.cbor.read({ ...value, ...change }, "Thing"), { code: "MALFORMED" });
  assert.throws(() => shape.cbor.read(null, "Thing"), { code: "MALFORMED" });
  assert.throws(() => shape.cbor.read([], "Thing"), { code: "MALFORMED" });
});

test("a sealed message fills whole buckets, whatever its length", () => {
  const overhead = 1_136;
  for (const length of [0, 1, 2_000, 2_923, 2_924, 2_925, 2_926, 2_927, 2_928, 20_000]) {
    const body = new Uint8Array(length).fill(7);
    const padded = encodeMessage({ type: "grant", body }, overhead);
    assert.equal((padded.length + overhead) % limits.messageBucketBytes, 0);
    assert.deepEqual(decodeMessage(padded), { v: 1, type: "grant", body });
  }
});

test("messages that are too large or lie about their length are refused", () => {
  assert.throws(
    () => encodeMessage({ type: "grant", body: new Uint8Array(limits.messageBytes) }, 16),
    { code: "TOO_LARGE" },
  );
  assert.throws(() => decodeMessage(new Uint8Array(3)), { code: "MALFORMED" });
  assert.throws(() => decodeMessage(Uint8Array.of(0, 0, 0, 9, 1, 2, 3)), { code: "MALFORMED" });
  assert.throws(() => decodeMessage(Uint8Array.of(255, 255, 255, 255, 1)), { code: "MALFORMED" });
});

test("a ticket holds for its vault, chain, institution, action, object and time alone", () => {
  const key = keyOf("general-hospital");
  const ticket = makeTicket(
    {
      vault: "vault",
      chain: "general-hospital" as ChainId,
      institution: "general-hospital" as InstitutionId,
      action: "get",
      object: bytesOf("o"),
      notAfter: 9,
    },
    signer(key),
  );
  assert.deepEqual(ticketDocument.decode(ticketDocument.encode(ticket)), ticket);
  assert.ok(verifyTicket(ticket, key.publicKey));
  for (const change of [
    { vault: "another" },
    { chain: "city-hospital" as ChainId },
    { action: "put" as const },
    { object: bytesOf("p") },
    { institution: "city-hospital" as InstitutionId },
    { notAfter: 10 },
  ])
    assert.ok(!verifyTicket({ ...ticket, ...change }, key.publicKey));
});
