import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { pidOf } from "@anamnesis/protocol";
import type { SlipCode, SlipFields, SlipId } from "@anamnesis/protocol";
import { chainWithRecord } from "@anamnesis/testing/chainWithRecord";
import { bytesOf, keyOf, sealedIdOf } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import { ownFields, pidOfVisit, rewrapFields } from "@anamnesis/testing/visitSlips";
import { findRecord, recordsByPid, recordsByTag } from "../queries.ts";

const institution = "general-hospital";
const { care, lin, submitted } = chainWithRecord();
const doctors = { id: submitted.id, digest: bytesOf("digest r") };
const written = care.slip("record.own", ownFields("visit", "o"), keyOf("visit"));
assert.equal(care.submit(written), "OK");
const own = { id: written.id, digest: bytesOf("digest o") };

const write = (
  chain: TestChain,
  { visit = "visit", by = "visit" } = {},
  change: Partial<SlipFields<"record.own">> = {},
) => chain.slip("record.own", { ...ownFields(visit, "second", by), ...change }, keyOf(by));
const rewrap = (
  chain: TestChain,
  change: Partial<SlipFields<"record.rewrap">> = {},
  { by = "visit", of = doctors } = {},
) => {
  const next = { record: fromHex(of.id), before: of.digest, digest: bytesOf("again") };
  const fields = { ...rewrapFields(by, next), ...change };
  return chain.submit(chain.slip("record.rewrap", fields, keyOf(by)), "national-authority");
};
const amend = (chain: TestChain, of: { id: SlipId; digest: Uint8Array }, label: string) =>
  chain.submit(
    chain.slip(
      "record.amend",
      {
        institution,
        cert: lin,
        pid: pidOfVisit("visit"),
        tag: bytesOf(`tag ${label}`, 16),
        record: fromHex(of.id),
        before: of.digest,
        digest: bytesOf("amended"),
        sealedId: sealedIdOf("amended"),
      },
      keyOf("dr-lin"),
    ),
  );
const judge = (
  chain: TestChain,
  kind: "record.confirm" | "record.dispute",
  { id, digest }: { id: SlipId; digest: Uint8Array },
) => {
  const key = keyOf("visit");
  const fields = { key: key.publicKey, record: fromHex(id), digest };
  return chain.submit(
    kind === "record.confirm"
      ? chain.slip(kind, fields, key)
      : chain.slip(kind, { ...fields, reason: bytesOf("reason") }, key),
  );
};
const reread = (chain: TestChain, digest: Uint8Array) =>
  chain.submit(
    chain.slip(
      "usage.author",
      { institution, cert: lin, pid: pidOfVisit("visit"), record: fromHex(own.id), digest },
      keyOf("dr-lin"),
    ),
  );

const rows: readonly {
  kind: string;
  when: string;
  want: SlipCode;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  {
    kind: "record.own",
    when: "the patient writes",
    want: "OK",
    submit: (chain) => chain.submit(write(chain)),
  },
  {
    kind: "record.own",
    when: "another institution is named",
    want: "WRONG_INSTITUTION",
    submit: (chain) => chain.submit(write(chain, {}, { institution: "city-hospital" })),
  },
  {
    kind: "record.own",
    when: "another member carries it",
    want: "CARRIER_IS_NOT_INSTITUTION",
    submit: (chain) => chain.submit(write(chain), "national-authority"),
  },
  {
    kind: "record.own",
    when: "no visit is open under the pid",
    want: "SESSION_UNKNOWN",
    submit: (chain) => chain.submit(write(chain, { visit: "no visit" })),
  },
  {
    kind: "record.own",
    when: "the key is of another visit",
    want: "NOT_AUTHORISED",
    submit: (chain) => chain.submit(write(chain, { by: "other visit" })),
  },
  {
    kind: "record.own",
    when: "a doctor's key signs",
    want: "NOT_AUTHORISED",
    submit: (chain) => chain.submit(write(chain, { by: "dr-lin" })),
  },
  {
    kind: "record.amend",
    when: "the record is the patient's own",
    want: "NOT_AUTHORISED",
    submit: (chain) => amend(chain, own, "o"),
  },
  {
    kind: "record.confirm",
    when: "the record is the patient's own, which came confirmed",
    want: "ALREADY_CONFIRMED",
    submit: (chain) => judge(chain, "record.confirm", own),
  },
  {
    kind: "record.dispute",
    when: "the patient takes back a record of their own",
    want: "OK",
    submit: (chain) => judge(chain, "record.dispute", own),
  },
  {
    kind: "usage.author",
    when: "a doctor calls a patient's own record theirs",
    want: "NOT_AUTHORISED",
    submit: (chain) => reread(chain, own.digest),
  },

  {
    kind: "record.rewrap",
    when: "the patient seals anew",
    want: "OK",
    submit: (chain) => rewrap(chain),
  },
  {
    kind: "record.rewrap",
    when: "the record is their own",
    want: "OK",
    submit: (chain) => rewrap(chain, {}, { of: own }),
  },
  {
    kind: "record.rewrap",
    when: "nobody submitted the record",
    want: "RECORD_UNKNOWN",
    submit: (chain) => rewrap(chain, { record: bytesOf("no record") }),
  },
  {
    kind: "record.rewrap",
    when: "the key is of another visit",
    want: "RECORD_OF_ANOTHER_VISIT",
    submit: (chain) => rewrap(chain, {}, { by: "other visit" }),
  },
  {
    kind: "record.rewrap",
    when: "it names an older digest",
    want: "DIGEST_NOT_NEWEST",
    submit: (chain) => (amend(chain, doctors, "r"), rewrap(chain)),
  },
  {
    kind: "record.rewrap",
    when: "it changes nothing",
    want: "DIGEST_EXISTS",
    submit: (chain) => rewrap(chain, { digest: doctors.digest }),
  },
  {
    kind: "record.amend",
    when: "the newest version was sealed anew",
    want: "OK",
    submit: (chain) => (rewrap(chain), amend(chain, { ...doctors, digest: bytesOf("again") }, "r")),
  },
  {
    kind: "record.confirm",
    when: "the same content was confirmed before it was sealed anew",
    want: "ALREADY_CONFIRMED",
    submit: (chain) => (
      judge(chain, "record.confirm", doctors),
      rewrap(chain),
      judge(chain, "record.confirm", { ...doctors, digest: bytesOf("again") })
    ),
  },
  {
    kind: "record.dispute",
    when: "the same content was disputed before it was sealed anew",
    want: "ALREADY_DISPUTED",
    submit: (chain) => (
      judge(chain, "record.dispute", doctors),
      rewrap(chain),
      judge(chain, "record.dispute", { ...doctors, digest: bytesOf("again") })
    ),
  },
];
for (const { kind, when, want, submit } of rows)
  test(`${kind} gives ${want} when ${when}`, () => assert.equal(submit(care.fork()), want));

test("a patient's own record is found by pid and tag, by their hand and confirmed", () => {
  const pid = pidOf(keyOf("visit").publicKey);
  const view = findRecord(care.state, own.id);
  assert.deepEqual(
    view?.versions.map(({ kind, author }) => [kind, author]),
    [["record.own", pid]],
  );
  assert.deepEqual(view?.confirmed, [{ digest: toHex(own.digest), slip: own.id }]);
  assert.deepEqual(recordsByTag(care.state, toHex(bytesOf("tag o", 16)), { limit: 9 }).found, [
    view,
  ]);
  assert.deepEqual(
    recordsByPid(care.state, pid, { limit: 9 }).found.map(({ record }) => record),
    [doctors.id, own.id],
  );
});

test("a rewrapped version keeps author and what was said of its content; an amendment of it is unconfirmed", () => {
  const chain = care.fork();
  const [again, third] = [bytesOf("again"), bytesOf("third")];
  judge(chain, "record.confirm", doctors);
  assert.equal(rewrap(chain), "OK");
  assert.equal(rewrap(chain, { before: again, digest: third }), "OK");
  assert.equal(amend(chain, { ...doctors, digest: third }, "r"), "OK");
  const view = findRecord(chain.state, doctors.id);
  assert.deepEqual(
    view?.versions.map(({ kind, digest, began, author }) => [kind, digest, began, author]),
    [
      ["record.submit", doctors.digest, doctors.digest],
      ["record.rewrap", again, doctors.digest],
      ["record.rewrap", third, doctors.digest],
      ["record.amend", bytesOf("amended"), bytesOf("amended")],
    ].map(([kind, ...digests]) => [
      kind,
      ...digests.map((digest) => toHex(digest as Uint8Array)),
      toHex(lin),
    ]),
  );
  assert.deepEqual(
    view?.confirmed.map(({ digest }) => digest),
    [doctors.digest, again, third].map(toHex),
  );
  assert.equal(new Set(view?.confirmed.map(({ slip }) => slip)).size, 1, "by one slip");
});

test("confirming what was sealed anew says nothing of the version before", () => {
  const chain = care.fork();
  const again = bytesOf("again");
  rewrap(chain);
  assert.equal(judge(chain, "record.confirm", { ...doctors, digest: again }), "OK");
  const view = findRecord(chain.state, doctors.id);
  assert.deepEqual(
    view?.confirmed.map(({ digest }) => digest),
    [toHex(again)],
  );
});
