import assert from "node:assert/strict";
import { test } from "node:test";
import { makeGenesis } from "@anamnesis/testing/federation";
import { careChainOf, chainOf, consortiumOf, genesisHash, memberOf } from "./genesis.ts";
import type { Trust, Vault } from "./genesis.ts";
import { parseGenesis, genesisJson, parseTrust, trustJson } from "./genesisFile.ts";

const care = makeGenesis("care");
const consortium = makeGenesis("consortium");
const trust = { v: 1, chains: [consortium, care] } as const;

test("genesis and trust files come back as they were written, with the same hash", () => {
  assert.deepEqual(parseTrust(trustJson(trust)), trust);
  for (const genesis of trust.chains)
    assert.deepEqual(genesisHash(parseGenesis(genesisJson(genesis))), genesisHash(genesis));
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

const file = JSON.parse(genesisJson(care)) as typeof care;
const consortiumFile = JSON.parse(genesisJson(consortium)) as typeof consortium;
const [first] = file.members;
const section = consortiumFile.consortium!;
const { proxies } = section;
const [own, other, third] = section.vaults as [Vault, Vault, Vault];
const rows: readonly { when: string; want?: string; genesis: unknown }[] = [
  { when: "it is null", want: "UNSUPPORTED_VERSION", genesis: null },
  { when: "it is a list", want: "UNSUPPORTED_VERSION", genesis: [] },
  { when: "the version is unknown", want: "UNSUPPORTED_VERSION", genesis: { ...file, v: 2 } },
  { when: "the chain is no name", genesis: { ...file, chain: "A B" } },
  {
    when: "a member's id is no name",
    genesis: { ...file, members: [{ ...first, id: "../x" }] },
  },
  { when: "the chain is missing", genesis: { ...file, chain: undefined } },
  { when: "a field is too many", genesis: { ...file, extra: 1 } },
  {
    when: "a field of a member is missing",
    genesis: { ...file, members: [{ ...first, level: undefined }] },
  },
  {
    when: "a node key is short",
    genesis: { ...file, members: [{ ...first, nodeKey: "A".repeat(42) }] },
  },
  {
    when: "a box key is short",
    genesis: { ...file, members: [{ ...first, boxKey: "A".repeat(43) }] },
  },
  {
    when: "a CA key is text",
    genesis: { ...file, cas: [{ id: "root", key: "a key", der: "" }] },
  },
  { when: "a CA stands twice", genesis: { ...file, cas: [file.cas[0], file.cas[0]] } },
  { when: "there are no members", genesis: { ...file, members: [] } },
  { when: "a member stands twice", genesis: { ...file, members: [...file.members, first] } },
  { when: "the writer is a stranger", genesis: { ...file, writer: "city-hospital" } },
  { when: "the authority is a stranger", genesis: { ...file, authority: "city-hospital" } },
  { when: "the institution is a stranger", genesis: { ...file, institution: "city-hospital" } },
  { when: "it is a demo without the prefix", genesis: { ...file, demo: true } },
  { when: "it has the prefix and is no demo", genesis: { ...file, chain: "demo-general" } },
  { when: "the kind is unknown", genesis: { ...file, kind: "public" } },
  { when: "a page holds nothing", genesis: { ...file, params: { ...file.params, pageSlips: 0 } } },
  {
    when: "a page lasts half a second",
    genesis: { ...file, params: { ...file.params, pageSeconds: 0.5 } },
  },
  { when: "a consortium names no proxies", genesis: { ...consortiumFile, consortium: undefined } },
  { when: "a care chain names proxies", genesis: { ...file, consortium: section } },
  {
    when: "proxies are out of order",
    genesis: { ...consortiumFile, consortium: { ...section, proxies: proxies.toReversed() } },
  },
  { when: "k is beyond n", genesis: { ...consortiumFile, consortium: { ...section, k: 5 } } },
  {
    when: "a vault is a stranger's",
    genesis: {
      ...consortiumFile,
      consortium: { ...section, vaults: [{ ...section.vaults[0], institution: "nobody" }] },
    },
  },
  ...[
    { when: "an institution has two vaults", vaults: [own, { ...own, id: "second" }, other] },
    { when: "two vaults have one id", vaults: [own, { ...other, id: own.id }] },
    { when: "a care chain's institution has no vault", vaults: [other, third] },
    { when: "there is one vault", vaults: [own] },
  ].map(({ when, vaults }) => ({
    when,
    genesis: { ...consortiumFile, consortium: { ...section, vaults } },
  })),
  {
    when: "an authority has a vault",
    genesis: {
      ...consortiumFile,
      members: consortiumFile.members.map((member) =>
        member.id === "city-hospital" ? { ...member, level: "municipal-authority" } : member,
      ),
    },
  },
  {
    when: "the registry has no key for tracing",
    genesis: {
      ...consortiumFile,
      consortium: { ...section, registry: { ...section.registry, traceKey: undefined } },
    },
  },
  { when: "registrars are missing", genesis: { ...file, registrars: undefined } },
  ...[
    { when: "has another key", change: { signingKey: file.members[0]!.nodeKey } },
    { when: "has another name", change: { name: "Somebody else" } },
    { when: "is certified by the root", change: { issuer: "root" } },
    { when: "is certified by a stranger", change: { issuer: "fourth-parties" } },
    { when: "is nobody's", change: { institution: "nobody" } },
  ].map(({ when, change }) => ({
    when: `a registrar ${when}`,
    genesis: { ...file, registrars: [{ ...file.registrars[0], ...change }] },
  })),
  {
    when: "a care chain has another institution's registrar",
    genesis: { ...file, registrars: consortiumFile.registrars.slice(3, 4) },
  },
  {
    when: "a registrar stands twice",
    genesis: { ...file, registrars: [file.registrars[0], file.registrars[0]] },
  },
  { when: "k is n", genesis: { ...consortiumFile, consortium: { ...section, k: 4 } } },
  { when: "k is 0", genesis: { ...consortiumFile, consortium: { ...section, k: 0 } } },
];
for (const { when, want = "MALFORMED", genesis } of rows) {
  test(`parseGenesis() gives ${want} when ${when}`, () =>
    assert.throws(() => parseGenesis(JSON.stringify(genesis)), {
      name: "AnamnesisError",
      code: want,
    }));
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
    [trustJson({ v: 1, chains: [care, care] }), "MALFORMED"],
  ];
  for (const [json, code] of refused)
    assert.throws(() => parseTrust(json), { name: "AnamnesisError", code });
});

test("parseTrust() wants each chain once, and one consortium", () => {
  const second = { ...consortium, chain: "consortium-2" };
  const rows = [
    [[consortium, care, care], /a chain twice/],
    [[consortium, care, second], /two consortium chains/],
  ] as const;
  for (const [chains, message] of rows) {
    const named = chains.map((genesis) => ({ ...genesis, registrars: [] }));
    const json = trustJson({ v: 1, chains: named } as unknown as Trust);
    assert.throws(() => parseTrust(json), { code: "MALFORMED", message });
  }
});
