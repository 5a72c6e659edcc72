import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, sha256, toHex } from "@anamnesis/crypto/verify";
import { pidOf } from "@anamnesis/protocol";
import type { SlipCode } from "@anamnesis/protocol";
import { chainWithRecord } from "@anamnesis/testing/chainWithRecord";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, recordSlip } from "@anamnesis/testing/testChain";
import { claimFields, ownFields, pidOfVisit, rewrapFields } from "@anamnesis/testing/visitSlips";
import { findSession, signsForOpenVisit } from "../queries.ts";

const { care, lin, submitted } = chainWithRecord();
const record = fromHex(submitted.id);
const digest = bytesOf("digest r");

const claiming = (chain: TestChain, { visit = "visit", by = "visit", to = "claimed" } = {}) =>
  chain.slip("session.claim", claimFields(visit, by, to), keyOf(by));
const claim = (chain: TestChain, names: Parameters<typeof claiming>[1] = {}) =>
  chain.submit(claiming(chain, names), "national-authority");
const judging = (
  chain: TestChain,
  by: string,
  kind: "record.confirm" | "record.dispute" = "record.confirm",
) => {
  const key = keyOf(by);
  const fields = { key: key.publicKey, record, digest };
  return kind === "record.confirm"
    ? chain.slip(kind, fields, key)
    : chain.slip(kind, { ...fields, reason: bytesOf("reason") }, key);
};
const open = (chain: TestChain, visit: string) =>
  chain.submit(
    chain.slip(
      "session.open",
      { institution: "general-hospital", key: keyOf(visit).publicKey },
      keyOf(visit),
    ),
  );

const rows: readonly {
  when: string;
  want: SlipCode;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  { when: "the visit's key signs", want: "OK", submit: (chain) => claim(chain) },
  {
    when: "no visit is open under the pid",
    want: "SESSION_UNKNOWN",
    submit: (chain) => claim(chain, { visit: "no visit", by: "no visit" }),
  },
  {
    when: "the key is of another visit",
    want: "NOT_AUTHORISED",
    submit: (chain) => claim(chain, { by: "other visit" }),
  },
  {
    when: "nobody knows the key",
    want: "NOT_AUTHORISED",
    submit: (chain) => claim(chain, { by: "stranger" }),
  },
  {
    when: "the key was replaced before",
    want: "VISIT_KEY_REPLACED",
    submit: (chain) => (claim(chain), claim(chain, { to: "second" })),
  },
  {
    when: "the newest key signs",
    want: "OK",
    submit: (chain) => (claim(chain), claim(chain, { by: "claimed", to: "second" })),
  },
  {
    when: "the first key comes back",
    want: "VISIT_KEY_EXISTS",
    submit: (chain) => (claim(chain), claim(chain, { by: "claimed", to: "visit" })),
  },
  {
    when: "the new key is the old one",
    want: "VISIT_KEY_EXISTS",
    submit: (chain) => claim(chain, { to: "visit" }),
  },
  {
    when: "the new key is another visit's",
    want: "VISIT_KEY_EXISTS",
    submit: (chain) => claim(chain, { to: "other visit" }),
  },
  {
    when: "the new key was claimed for another visit",
    want: "VISIT_KEY_EXISTS",
    submit: (chain) => (claim(chain), claim(chain, { visit: "other visit", by: "other visit" })),
  },
];
for (const { when, want, submit } of rows)
  test(`session.claim gives ${want} when ${when}`, () => assert.equal(submit(care.fork()), want));

test("a key that was claimed for a visit opens none", () => {
  const chain = care.fork();
  claim(chain);
  assert.equal(open(chain, "claimed"), "VISIT_KEY_EXISTS");
});

for (const kind of ["record.confirm", "record.dispute"] as const)
  test(`after a claim the new key signs a ${kind}, the old one does not`, () => {
    const chain = care.fork();
    claim(chain);
    assert.equal(chain.submit(judging(chain, "visit", kind)), "VISIT_KEY_REPLACED");
    assert.equal(chain.submit(judging(chain, "claimed", kind)), "OK");
  });

test("after a claim the new key signs own and rewrapped records, the old one does not", () => {
  const chain = care.fork();
  claim(chain);
  const own = (by: string) => chain.slip("record.own", ownFields("visit", "o", by), keyOf(by));
  const next = { record, before: digest, digest: bytesOf("again") };
  const rewrap = (by: string) => chain.slip("record.rewrap", rewrapFields(by, next), keyOf(by));
  for (const slip of [own, rewrap]) {
    assert.equal(chain.submit(slip("visit")), "VISIT_KEY_REPLACED");
    assert.equal(chain.submit(slip("claimed")), "OK");
  }
});

test("a claim counts from the next slip of its own group on, and refuses none of the others", () => {
  const chain = care.fork();
  const slips = [
    claiming(chain),
    judging(chain, "visit"),
    judging(chain, "claimed"),
    claiming(chain, { by: "claimed", to: "second" }),
    judging(chain, "claimed", "record.dispute"),
    judging(chain, "second", "record.dispute"),
  ];
  const { results } = chain.block([chain.group(slips)]);
  assert.deepEqual(
    results.flat().map(({ code }) => code),
    ["OK", "VISIT_KEY_REPLACED", "OK", "OK", "VISIT_KEY_REPLACED", "OK"],
  );
});

test("the pid stays: what was written and is written stands under it, and the visit shows who signs", () => {
  const chain = care.fork();
  const pid = pidOf(keyOf("visit").publicKey);
  claim(chain);
  claim(chain, { by: "claimed", to: "second" });
  const later = recordSlip(chain, {
    visit: "visit",
    doctor: "dr-lin",
    fingerprint: lin,
    label: "later",
  });
  assert.equal(chain.submit(later), "OK");
  assert.equal(findSession(care.state, pid)?.key, toHex(keyOf("visit").publicKey));
  assert.equal(findSession(chain.state, pid)?.key, toHex(keyOf("second").publicKey));
  assert.equal(findSession(chain.state, pidOf(keyOf("second").publicKey)), undefined);
});

test("signsForOpenVisit() takes the newest key of a visit and no other", () => {
  const chain = care.fork();
  claim(chain);
  claim(chain, { by: "claimed", to: "second" });
  const signing = ["visit", "claimed", "second", "other visit", "stranger"].filter((name) =>
    signsForOpenVisit(chain.state, keyOf(name).publicKey),
  );
  assert.deepEqual(signing, ["second", "other visit"]);
  assert.ok(!signsForOpenVisit(chain.state, sha256(pidOfVisit("visit"))));
});
