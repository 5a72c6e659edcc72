import assert from "node:assert/strict";
import { test } from "node:test";
import { makeGenesis } from "@anamnesis/testing/chainFixture";
import { careChainOf, chainOf, consortiumOf, genesisHash, memberOf } from "./genesis.ts";
import { parseGenesis, parseTrust, toJson } from "./genesisFile.ts";

const care = makeGenesis("care");
const consortium = makeGenesis("consortium");
const trust = { v: 1, chains: [consortium, care] } as const;

test("genesis and trust files come back as they were written, with the same hash", () => {
  assert.deepEqual(parseTrust(toJson(trust)), trust);
  for (const genesis of trust.chains)
    assert.deepEqual(genesisHash(parseGenesis(toJson(genesis))), genesisHash(genesis));
  assert.notDeepEqual(genesisHash(care), genesisHash({ ...care, time: care.time + 1 }));
});

test("chains and members of a trust file are found by name, or NOT_FOUND", () => {
  assert.equal(consortiumOf(trust).consortium.k, 3);
  assert.equal(chainOf(trust, "general-hospital"), care);
  assert.equal(careChainOf(trust, "general-hospital"), care);
  assert.equal(memberOf(care, "national-authority").name, "The national-authority");
  assert.throws(() => chainOf(trust, "nowhere"), { code: "NOT_FOUND" });
  assert.throws(() => careChainOf(trust, "city-hospital"), { code: "NOT_FOUND" });
  assert.throws(() => memberOf(care, "city-hospital"), { code: "NOT_FOUND" });
  assert.throws(() => consortiumOf({ v: 1, chains: [care] }), { code: "BAD_REQUEST" });
});

const [first] = care.members;
const { proxies } = consortium.consortium!;
const section = consortium.consortium!;
const rows: readonly { when: string; want?: string; genesis: unknown }[] = [
  { when: "it is null", want: "UNSUPPORTED_VERSION", genesis: null },
  { when: "it is a list", want: "UNSUPPORTED_VERSION", genesis: [] },
  { when: "the version is unknown", want: "UNSUPPORTED_VERSION", genesis: { ...care, v: 2 } },
  { when: "the chain is no name", want: "BAD_REQUEST", genesis: { ...care, chain: "A B" } },
  {
    when: "a member's id is no name",
    want: "BAD_REQUEST",
    genesis: { ...care, members: [{ ...first, id: "../x" }] },
  },
  { when: "the chain is missing", genesis: { ...care, chain: undefined } },
  { when: "a field is too many", genesis: { ...care, extra: 1 } },
  {
    when: "a field of a member is missing",
    genesis: { ...care, members: [{ ...first, level: undefined }] },
  },
  {
    when: "a node key is short",
    genesis: { ...care, members: [{ ...first, nodeKey: new Uint8Array(31) }] },
  },
  {
    when: "a box key is short",
    genesis: { ...care, members: [{ ...first, boxKey: new Uint8Array(32) }] },
  },
  {
    when: "a CA key is text",
    genesis: { ...care, cas: [{ id: "root", key: "key", der: new Uint8Array() }] },
  },
  { when: "a CA stands twice", genesis: { ...care, cas: [care.cas[0], care.cas[0]] } },
  { when: "there are no members", genesis: { ...care, members: [] } },
  { when: "a member stands twice", genesis: { ...care, members: [...care.members, first] } },
  { when: "the writer is a stranger", genesis: { ...care, writer: "city-hospital" } },
  { when: "the authority is a stranger", genesis: { ...care, authority: "city-hospital" } },
  { when: "the institution is a stranger", genesis: { ...care, institution: "city-hospital" } },
  { when: "it is a demo without the prefix", genesis: { ...care, demo: true } },
  { when: "it has the prefix and is no demo", genesis: { ...care, chain: "demo-general" } },
  { when: "the kind is unknown", genesis: { ...care, kind: "public" } },
  { when: "a page holds nothing", genesis: { ...care, params: { ...care.params, pageSlips: 0 } } },
  {
    when: "a page lasts half a second",
    genesis: { ...care, params: { ...care.params, pageSeconds: 0.5 } },
  },
  { when: "a consortium names no proxies", genesis: { ...consortium, consortium: undefined } },
  { when: "a care chain names proxies", genesis: { ...care, consortium: section } },
  {
    when: "proxies are out of order",
    genesis: { ...consortium, consortium: { ...section, proxies: proxies.toReversed() } },
  },
  { when: "k is beyond n", genesis: { ...consortium, consortium: { ...section, k: 5 } } },
  { when: "k is 0", genesis: { ...consortium, consortium: { ...section, k: 0 } } },
];
for (const { when, want = "MALFORMED", genesis } of rows) {
  test(`parseGenesis() gives ${want} when ${when}`, () =>
    assert.throws(() => parseGenesis(toJson(genesis)), { name: "AnamnesisError", code: want }));
}

test("parseTrust() refuses what is no trust file, in words", () => {
  const refused: [string, string][] = [
    ["", "MALFORMED"],
    ["{", "MALFORMED"],
    ["null", "UNSUPPORTED_VERSION"],
    ["[]", "UNSUPPORTED_VERSION"],
    ['{"v":2}', "UNSUPPORTED_VERSION"],
    ['{"v":1}', "MALFORMED"],
    ['{"v":1,"chains":[]}', "MALFORMED"],
    ['{"v":1,"chains":{"length":1}}', "MALFORMED"],
    ['{"v":1,"chains":[{"v":1,"chain":{"$b64u":"!!"}}]}', "MALFORMED"],
    [toJson({ v: 1, chains: [care, care] }), "MALFORMED"],
  ];
  for (const [json, code] of refused)
    assert.throws(() => parseTrust(json), { name: "AnamnesisError", code });
});
