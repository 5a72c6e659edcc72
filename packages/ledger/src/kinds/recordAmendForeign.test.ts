import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, signForeignContent } from "@anamnesis/protocol";
import type { ChainId, Permit, SlipCode, SlipFields } from "@anamnesis/protocol";
import { chainWithRecord } from "@anamnesis/testing/chainWithRecord";
import { bytesOf, keyOf, sealedIdOf, signer } from "@anamnesis/testing/keys";
import { TestChain } from "@anamnesis/testing/testChain";
import {
  claimFields,
  foreignAuthor,
  foreignFields,
  ownFields,
  permitFor,
} from "@anamnesis/testing/visitSlips";
import { findRecord } from "../queries.ts";

const { care, lin, submitted } = chainWithRecord();
const record = fromHex(submitted.id);
const tag = bytesOf("tag r", 16);
const own = care.slip("record.own", ownFields("visit", "o"), keyOf("visit"));
assert.equal(care.submit(own), "OK");
const next = { record, before: bytesOf("digest r"), digest: bytesOf("foreign") };

interface Attempt {
  /** Whose key stands in `key`. */
  readonly visit?: string;
  /** Whom the slip names as author. */
  readonly author?: string;
  /** Whom the permit is for, by whom, of what, until when; none: the visit signs the slip. */
  readonly permit?: { for?: string; by?: string; of?: Uint8Array; notAfter?: number };
  readonly signedBy?: string;
  readonly change?: Partial<SlipFields<"record.amendForeign">>;
  readonly next?: Partial<typeof next>;
}

/** The slip's code, also where its group is refused before a block. */
function amend(chain: TestChain, attempt: Attempt = {}): SlipCode {
  const { visit = "visit", author = "dr-chen", permit: wanted } = attempt;
  const until = { of: wanted?.of ?? record, notAfter: wanted?.notAfter ?? chain.time + 60_000 };
  const permit =
    wanted === undefined ? null : permitFor(wanted.by ?? visit, wanted.for ?? author, until);
  const made = foreignFields(
    chain.genesis.chain,
    { visit, author, permit },
    { ...next, ...attempt.next },
  );
  const signedBy = attempt.signedBy ?? (permit === null ? visit : author);
  const fields = { ...made, ...attempt.change };
  const slip = chain.slip("record.amendForeign", fields, keyOf(signedBy));
  try {
    return chain.submit(slip, "national-authority");
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "SLIP_SIGNATURE") return error.code;
    throw error;
  }
}
const claim = (chain: TestChain) =>
  chain.submit(chain.slip("session.claim", claimFields("visit", "visit", "new"), keyOf("visit")));

const rows: readonly { when: string; want: SlipCode; submit: (chain: TestChain) => SlipCode }[] = [
  { when: "the visit's key signs", want: "OK", submit: (chain) => amend(chain) },
  {
    when: "the author signs under a permit for the record",
    want: "OK",
    submit: (chain) => amend(chain, { permit: {} }),
  },
  {
    when: "the author signs under a permit for its tag",
    want: "OK",
    submit: (chain) => amend(chain, { permit: { of: tag } }),
  },
  {
    when: "the author signs without a permit",
    want: "SLIP_SIGNATURE",
    submit: (chain) => amend(chain, { signedBy: "dr-chen" }),
  },
  {
    when: "the visit's key signs where a permit lets the author",
    want: "SLIP_SIGNATURE",
    submit: (chain) => amend(chain, { permit: {}, signedBy: "visit" }),
  },
  {
    when: "another signs under the author's permit",
    want: "SLIP_SIGNATURE",
    submit: (chain) => amend(chain, { permit: {}, signedBy: "dr-mei" }),
  },
  {
    when: "the permit is for another author",
    want: "SLIP_SIGNATURE",
    submit: (chain) => amend(chain, { permit: { for: "dr-mei" } }),
  },
  {
    when: "nobody of the visit signed the permit",
    want: "SLIP_SIGNATURE",
    submit: (chain) => amend(chain, { permit: { by: "dr-chen" } }),
  },
  {
    when: "the author did not sign the content",
    want: "SLIP_SIGNATURE",
    submit: (chain) => amend(chain, { change: { authorSignature: new Uint8Array(64) } }),
  },
  ...(["record", "before", "digest", "sealedId", "author"] as const).map((field) => ({
    when: `the author signed another ${field}`,
    want: "SLIP_SIGNATURE" as const,
    submit: (chain: TestChain) =>
      amend(chain, {
        change: { [field]: field === "sealedId" ? sealedIdOf("x") : bytesOf("another") },
      }),
  })),
  {
    when: "nobody submitted the record",
    want: "RECORD_UNKNOWN",
    submit: (chain) => amend(chain, { next: { record: bytesOf("no record") } }),
  },
  {
    when: "the key is of another visit",
    want: "RECORD_OF_ANOTHER_VISIT",
    submit: (chain) => amend(chain, { visit: "other visit" }),
  },
  {
    when: "another visit's key signed the permit",
    want: "RECORD_OF_ANOTHER_VISIT",
    submit: (chain) => amend(chain, { visit: "other visit", permit: { of: tag } }),
  },
  {
    when: "the visit was claimed since, and its old key signs",
    want: "VISIT_KEY_REPLACED",
    submit: (chain) => (claim(chain), amend(chain)),
  },
  {
    when: "the visit was claimed since its old key signed the permit",
    want: "VISIT_KEY_REPLACED",
    submit: (chain) => (claim(chain), amend(chain, { permit: {} })),
  },
  {
    when: "the visit's new key signed the permit",
    want: "OK",
    submit: (chain) => (claim(chain), amend(chain, { visit: "new", permit: { of: tag } })),
  },
  {
    when: "the record is the patient's own",
    want: "NOT_AUTHORISED",
    submit: (chain) =>
      amend(chain, { next: { record: fromHex(own.id), before: bytesOf("digest o") } }),
  },
  {
    when: "the permit is for another record",
    want: "PERMIT_OF_ANOTHER_RECORD",
    submit: (chain) => amend(chain, { permit: { of: fromHex(own.id) } }),
  },
  {
    when: "the permit is for another tag",
    want: "PERMIT_OF_ANOTHER_RECORD",
    submit: (chain) => amend(chain, { permit: { of: bytesOf("tag o", 16) } }),
  },
  {
    when: "the permit has expired by block time",
    want: "PERMIT_EXPIRED",
    submit: (chain) => amend(chain, { permit: { notAfter: chain.time + 9 } }),
  },
  {
    when: "the permit ends with this block",
    want: "OK",
    submit: (chain) => amend(chain, { permit: { notAfter: chain.time + 10 } }),
  },
  {
    when: "it names an older digest",
    want: "DIGEST_NOT_NEWEST",
    submit: (chain) => (amend(chain), amend(chain, { next: { digest: bytesOf("third") } })),
  },
  {
    when: "it changes nothing",
    want: "DIGEST_EXISTS",
    submit: (chain) => amend(chain, { next: { digest: next.before } }),
  },
];
for (const { when, want, submit } of rows)
  test(`record.amendForeign gives ${want} when ${when}`, () =>
    assert.equal(submit(care.fork()), want));

/** Who amends under a permit that was made for dr-chen, the record and a minute: all that they can sign is right. */
const underSeenPermit: readonly {
  who: string;
  signer?: string;
  claims?: Partial<ReturnType<typeof foreignAuthor>>;
  permit?: Partial<Permit>;
  chain?: string;
}[] = [
  { who: "another author, who says that theirs is the permitted author's key", signer: "dr-mei" },
  { who: "the author under another certificate", claims: { author: bytesOf("another") } },
  { who: "the author, who stretches the permit to the tag", permit: { of: tag } },
  { who: "the author, who puts its end off", permit: { notAfter: care.time + 120_000 } },
  { who: "the author, who meant another chain", chain: "city-hospital" },
];
for (const { who, signer: name = "dr-chen", ...lie } of underSeenPermit)
  test(`record.amendForeign is refused to ${who}`, () => {
    const chain = care.fork();
    const honest = foreignAuthor("dr-chen");
    const seen = permitFor("visit", "dr-chen", { of: record, notAfter: chain.time + 60_000 });
    const key = keyOf(name);
    const content = {
      ...next,
      author: honest.author,
      authorKey: key.publicKey,
      ...lie.claims,
      sealedId: sealedIdOf("foreign"),
    };
    const on = (lie.chain ?? chain.genesis.chain) as ChainId;
    const fields = {
      ...content,
      key: keyOf("visit").publicKey,
      authorSignature: signForeignContent(on, content, signer(key)),
      permit: { ...seen, ...lie.permit },
    };
    const slip = chain.slip("record.amendForeign", fields, key);
    assert.throws(() => chain.submit(slip, "national-authority"), { code: "SLIP_SIGNATURE" });
  });

test("a foreign version stands beside the others under its author, unconfirmed until it is confirmed", () => {
  const chain = care.fork();
  const key = keyOf("visit");
  const confirm = (digest: Uint8Array) =>
    chain.submit(
      chain.slip("record.confirm", { key: key.publicKey, record, digest }, key),
      "national-authority",
    );
  const confirmed = () =>
    findRecord(chain.state, submitted.id)?.confirmed.map(({ digest }) => digest);
  assert.equal(confirm(next.before), "OK");
  assert.equal(amend(chain, { permit: { of: tag } }), "OK");
  assert.deepEqual(
    findRecord(chain.state, submitted.id)?.versions.map(({ kind, author }) => [kind, author]),
    [
      ["record.submit", toHex(lin)],
      ["record.amendForeign", toHex(foreignAuthor("dr-chen").author)],
    ],
  );
  assert.deepEqual(confirmed(), [toHex(next.before)]);
  assert.equal(confirm(next.digest), "OK");
  assert.deepEqual(confirmed(), [next.before, next.digest].map(toHex));
});
