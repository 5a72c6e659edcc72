import assert from "node:assert/strict";
import { test } from "node:test";
import { BYTES, encodeCanonical } from "@anamnesis/crypto/verify";
import type { CborValue } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf, signer } from "@anamnesis/testing/keys";
import { limits } from "./limits.ts";
import { entryFor, tokenPid, verifyVisitToken, visitToken, vouched } from "./visitToken.ts";
import type { VisitToken } from "./visitToken.ts";

const visit = keyOf("a visit");
const patient = keyOf("a patient");
const entry = (name: string, sensitive = false) => ({
  category: name,
  sensitive,
  tag: bytesOf(`tag ${name} ${sensitive}`, 16),
  ek: new Uint8Array(BYTES.ekTag),
  addressKey: bytesOf("address"),
});
const token: VisitToken = {
  v: 1,
  suite: "MRS-V1",
  chain: "general-hospital",
  institution: "general-hospital",
  key: visit.publicKey,
  A: new Uint8Array(96),
  epoch: "1",
  notAfter: 9,
  entries: [entry("laboratory"), entry("laboratory", true), entry("imaging")],
  contact: {
    node: "general-hospital",
    box: bytesOf("box"),
    boxKey: new Uint8Array(BYTES.boxPublicKey),
    postKey: new Uint8Array(32),
    certificate: new Uint8Array(0),
  },
  stated: {},
};
const many = (count: number) => Array.from({ length: count }, (_, i) => entry(`kind-${i}`));
const encoded = (change: object): Uint8Array =>
  encodeCanonical({ ...token, ...change } as unknown as CborValue);

test("a token tells what was not said from what is empty", () => {
  const rows = [
    {},
    { name: "Wei", birthDate: "1984", sex: "other", identifiers: [] },
    { birthDate: "1984-02-29" },
    { identifiers: [{ system: "urn:oid:1.2", value: "7" }] },
  ];
  for (const stated of rows)
    assert.deepEqual(visitToken.decode(encoded({ stated })).stated, stated);
  for (const stated of [
    { name: "" },
    { name: null },
    { birthDate: "1984-13" },
    { birthDate: "" },
    { sex: "x" },
    { identifiers: [{ system: "urn:x", value: "" }] },
    { nickname: "Wei" },
  ])
    assert.throws(() => visitToken.decode(encoded({ stated })), { code: "MALFORMED" });
});

test("a token holds 1 to 64 entries, and they fit into its bytes", () => {
  assert.ok(encoded({ entries: many(64) }).length <= limits.visitTokenBytes);
  assert.equal(visitToken.decode(encoded({ entries: many(64) })).entries.length, 64);
  assert.throws(() => visitToken.decode(encoded({ entries: many(65) })), { code: "MALFORMED" });
  assert.throws(() => visitToken.decode(encoded({ entries: [] })), { code: "MALFORMED" });
  const [first] = token.entries;
  const { sensitive: _, ...unsaid } = first!;
  assert.throws(() => visitToken.decode(encoded({ entries: [unsaid] })), { code: "MALFORMED" });
});

test("verifyVisitToken() refuses a token in which a category or a tag stands twice", () => {
  const check = (change: Partial<VisitToken>): VisitToken => {
    const bytes = visitToken.encode({ ...token, ...change });
    return verifyVisitToken(
      {
        v: 1,
        token: bytes,
        signature: signer(visit)("VISIT-TOKEN", bytes),
        certificate: new Uint8Array(1),
        registration: {
          institution: "general-hospital",
          registrar: null,
          commitment: bytesOf("c"),
          signature: new Uint8Array(64),
        },
        certified: signer(patient)("PATIENT-VISIT", vouched(tokenPid(token))),
      },
      patient.publicKey,
    );
  };
  assert.equal(check({}).entries.length, 3);
  const [first, second] = token.entries;
  const again = { ...first!, tag: bytesOf("another", 16) };
  assert.throws(() => check({ entries: [first!, again] }), { code: "MALFORMED" });
  assert.throws(() => check({ entries: [first!, { ...second!, tag: first!.tag }] }), {
    code: "MALFORMED",
  });
});

test("entryFor() tells sensitive from other records of a category", () => {
  const at = (category: string, sensitive: boolean) =>
    entryFor(token, { category, sensitive })?.tag;
  assert.deepEqual(at("laboratory", true), token.entries[1]!.tag);
  assert.deepEqual(at("laboratory", false), token.entries[0]!.tag);
  assert.equal(at("imaging", true), undefined);
});
