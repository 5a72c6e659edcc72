import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { pidOf } from "@anamnesis/protocol";
import type { SlipCode, SlipFields } from "@anamnesis/protocol";
import { chainWithRecord } from "@anamnesis/testing/chainWithRecord";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf, sealedIdOf } from "@anamnesis/testing/keys";
import { TestChain, certify, openVisit, recordSlip } from "@anamnesis/testing/testChain";
import { ownFields, pidOfVisit } from "@anamnesis/testing/visitSlips";
import { findRecord, findSession } from "../queries.ts";

const { care, lin, submitted } = chainWithRecord();
const wu = certify(care, "dr-wu");
const pid = pidOfVisit("visit");
const record = fromHex(submitted.id);
const first = bytesOf("digest r");
const institution = "general-hospital";

const amend = (chain: TestChain, change: Partial<SlipFields<"record.amend">> = {}) => {
  const fields = {
    institution,
    cert: wu,
    pid,
    tag: bytesOf("tag r", 16),
    record,
    before: first,
    digest: bytesOf("second"),
    sealedId: sealedIdOf("second"),
    ...change,
  };
  return chain.submit(chain.slip("record.amend", fields, keyOf("dr-wu")));
};
const judge = (
  chain: TestChain,
  kind: "record.confirm" | "record.dispute",
  { visit = "visit", of = record, digest = first } = {},
) => {
  const key = keyOf(visit);
  const fields = { key: key.publicKey, record: of, digest };
  const slip =
    kind === "record.confirm"
      ? chain.slip(kind, fields, key)
      : chain.slip(kind, { ...fields, reason: bytesOf("reason") }, key);
  return chain.submit(slip, "national-authority");
};
const reread = (
  chain: TestChain,
  change: Partial<SlipFields<"usage.author">> = {},
  doctor = "dr-lin",
) =>
  chain.submit(
    chain.slip(
      "usage.author",
      { institution, cert: lin, pid, record, digest: first, ...change },
      keyOf(doctor),
    ),
  );

const rows: readonly {
  kind: string;
  when: string;
  want: SlipCode;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  {
    kind: "session.open",
    when: "a visit begins",
    want: "OK",
    submit: (chain) => (openVisit(chain, "third visit"), "OK"),
  },
  {
    kind: "session.open",
    when: "the visit is open",
    want: "SESSION_EXISTS",
    submit: (chain) =>
      chain.submit(
        chain.slip("session.open", { institution, key: keyOf("visit").publicKey }, keyOf("visit")),
      ),
  },
  {
    kind: "record.submit",
    when: "a doctor writes",
    want: "OK",
    submit: (chain) =>
      chain.submit(
        recordSlip(chain, { visit: "visit", doctor: "dr-wu", fingerprint: wu, label: "r2" }),
      ),
  },
  {
    kind: "record.submit",
    when: "nobody opened the visit",
    want: "SESSION_UNKNOWN",
    submit: (chain) =>
      chain.submit(
        recordSlip(chain, { visit: "no visit", doctor: "dr-lin", fingerprint: lin, label: "r3" }),
      ),
  },

  { kind: "record.amend", when: "a colleague amends", want: "OK", submit: (chain) => amend(chain) },
  {
    kind: "record.amend",
    when: "nobody submitted the record",
    want: "RECORD_UNKNOWN",
    submit: (chain) => amend(chain, { record: bytesOf("no record") }),
  },
  {
    kind: "record.amend",
    when: "the pid is of another visit",
    want: "RECORD_OF_ANOTHER_VISIT",
    submit: (chain) => amend(chain, { pid: fromHex(pidOf(keyOf("other visit").publicKey)) }),
  },
  {
    kind: "record.amend",
    when: "the tag is another",
    want: "RECORD_OF_ANOTHER_VISIT",
    submit: (chain) => amend(chain, { tag: bytesOf("another", 16) }),
  },
  {
    kind: "record.amend",
    when: "it names an older digest",
    want: "DIGEST_NOT_NEWEST",
    submit: (chain) => (amend(chain), amend(chain, { digest: bytesOf("third") })),
  },
  {
    kind: "record.amend",
    when: "it names the newest",
    want: "OK",
    submit: (chain) => (
      amend(chain),
      amend(chain, { before: bytesOf("second"), digest: bytesOf("third") })
    ),
  },
  {
    kind: "record.amend",
    when: "an old digest comes back",
    want: "DIGEST_EXISTS",
    submit: (chain) => (amend(chain), amend(chain, { before: bytesOf("second"), digest: first })),
  },
  {
    kind: "record.amend",
    when: "it changes nothing",
    want: "DIGEST_EXISTS",
    submit: (chain) => amend(chain, { digest: first }),
  },

  ...(["record.confirm", "record.dispute"] as const).flatMap((kind) => [
    {
      kind,
      when: "the patient judges",
      want: "OK" as const,
      submit: (chain: TestChain) => judge(chain, kind),
    },
    {
      kind,
      when: "it comes before the record",
      want: "RECORD_UNKNOWN" as const,
      submit: (chain: TestChain) => judge(chain, kind, { of: bytesOf("no record") }),
    },
    {
      kind,
      when: "the key is of another visit",
      want: "RECORD_OF_ANOTHER_VISIT" as const,
      submit: (chain: TestChain) => judge(chain, kind, { visit: "other visit" }),
    },
    {
      kind,
      when: "no version has the digest",
      want: "DIGEST_UNKNOWN" as const,
      submit: (chain: TestChain) => judge(chain, kind, { digest: bytesOf("second") }),
    },
    {
      kind,
      when: "it means an older version",
      want: "OK" as const,
      submit: (chain: TestChain) => (amend(chain), judge(chain, kind)),
    },
    {
      kind,
      when: "it means the new version",
      want: "OK" as const,
      submit: (chain: TestChain) => (
        judge(chain, kind),
        amend(chain),
        judge(chain, kind, { digest: bytesOf("second") })
      ),
    },
  ]),
  {
    kind: "record.confirm",
    when: "said twice",
    want: "ALREADY_CONFIRMED",
    submit: (chain) => (judge(chain, "record.confirm"), judge(chain, "record.confirm")),
  },
  {
    kind: "record.dispute",
    when: "said twice",
    want: "ALREADY_DISPUTED",
    submit: (chain) => (judge(chain, "record.dispute"), judge(chain, "record.dispute")),
  },
  {
    kind: "record.confirm",
    when: "the patient disputed before",
    want: "OK",
    submit: (chain) => (judge(chain, "record.dispute"), judge(chain, "record.confirm")),
  },

  {
    kind: "usage.author",
    when: "the author rereads",
    want: "OK",
    submit: (chain) => reread(chain),
  },
  {
    kind: "usage.author",
    when: "nobody submitted the record",
    want: "RECORD_UNKNOWN",
    submit: (chain) => reread(chain, { record: bytesOf("no record") }),
  },
  {
    kind: "usage.author",
    when: "the pid is of another visit",
    want: "RECORD_OF_ANOTHER_VISIT",
    submit: (chain) => reread(chain, { pid: fromHex(pidOf(keyOf("other visit").publicKey)) }),
  },
  {
    kind: "usage.author",
    when: "no version has the digest",
    want: "DIGEST_UNKNOWN",
    submit: (chain) => reread(chain, { digest: bytesOf("second") }),
  },
  {
    kind: "usage.author",
    when: "a colleague wrote it",
    want: "NOT_AUTHORISED",
    submit: (chain) => reread(chain, { cert: wu }, "dr-wu"),
  },
];

for (const { kind, when, want, submit } of rows)
  test(`${kind} gives ${want} when ${when}`, () => assert.equal(submit(care.fork()), want));

test("records of one institution are closed to another on a chain that both write", () => {
  const { institution: _, ...genesis } = makeGenesis("care");
  const { members, registrars } = makeGenesis("consortium");
  const chain = new TestChain({ ...genesis, members, registrars });
  const hospital = certify(chain, "dr-lin");
  const city = certify(chain, "dr-city", { institution: "city-hospital" });
  openVisit(chain, "visit");
  const slip = recordSlip(chain, {
    visit: "visit",
    doctor: "dr-lin",
    fingerprint: hospital,
    label: "r",
  });
  assert.equal(chain.submit(slip), "OK");
  const fields = {
    institution: "city-hospital",
    cert: city,
    pid,
    tag: bytesOf("tag r", 16),
    digest: bytesOf("x"),
    sealedId: sealedIdOf("x"),
  };
  const other = chain.slip("record.submit", fields, keyOf("dr-city"));
  const amending = chain.slip(
    "record.amend",
    { ...fields, record: fromHex(slip.id), before: bytesOf("digest r") },
    keyOf("dr-city"),
  );
  const borrowing = chain.slip("record.submit", { ...fields, cert: hospital }, keyOf("dr-lin"));
  assert.equal(chain.submit(other, "city-hospital"), "WRONG_INSTITUTION");
  assert.equal(chain.submit(amending, "city-hospital"), "WRONG_INSTITUTION");
  assert.equal(chain.submit(borrowing, "city-hospital"), "WRONG_INSTITUTION");
  const own = { ...ownFields("visit", "o"), institution: "city-hospital" };
  const elsewhere = chain.slip("record.own", own, keyOf("visit"));
  assert.equal(chain.submit(elsewhere, "city-hospital"), "WRONG_INSTITUTION");
});

test("findRecord() shows versions, confirmations and disputes of each; findSession() who reread", () => {
  const chain = care.fork();
  judge(chain, "record.confirm");
  amend(chain);
  judge(chain, "record.dispute", { digest: bytesOf("second") });
  reread(chain);
  const found = findRecord(chain.state, submitted.id);
  assert.deepEqual(
    found?.versions.map(({ digest }) => digest),
    [toHex(first), toHex(bytesOf("second"))],
  );
  assert.deepEqual(
    found?.confirmed.map(({ digest }) => digest),
    [toHex(first)],
  );
  assert.deepEqual(found?.disputed, [toHex(bytesOf("second"))]);
  assert.deepEqual(
    findSession(chain.state, pidOf(keyOf("visit").publicKey))?.authors.map(
      ({ record: of, digest }) => [of, digest],
    ),
    [[submitted.id, toHex(first)]],
  );
});
