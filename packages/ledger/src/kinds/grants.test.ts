/** Grants: when one begins and ends, by whose word, and who may announce openings under it, how often. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { actions, limits } from "@anamnesis/protocol";
import type { Reader, SlipCode, SlipFields } from "@anamnesis/protocol";
import { hospital, makeGenesis } from "@anamnesis/testing/federation";
import {
  holderOf,
  intentFields,
  openedReader,
  publishFields,
  revokeFields,
  revokerOf,
} from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certificateFields, certify } from "@anamnesis/testing/testChain";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");
const wu = certify(consortium, "dr-wu", { institution: "city-hospital" });
const hour = 3_600_000;

const publish = (
  chain: TestChain,
  expiresIn = hour,
  label = "grant",
  reader: Reader = holderOf(lin),
) => {
  const fields = publishFields(label, { expiresAt: chain.time + expiresIn, reader });
  return chain.submit(chain.slip("grant.publish", fields, keyOf(label)), undefined, 0);
};
assert.equal(publish(consortium), "OK");
const revoke = (chain: TestChain, label = "grant", by = label) =>
  chain.submit(chain.slip("grant.revoke", revokeFields(label, by), keyOf(by)));

const intentSlip = (
  chain: TestChain,
  change: Partial<SlipFields<"usage.intent">> = {},
  { label = "grant", by = "dr-lin" } = {},
) =>
  chain.slip(
    "usage.intent",
    intentFields(label, certificateFields(by).fingerprint, change),
    keyOf(by),
  );
const intent = (...args: Parameters<typeof intentSlip>) => args[0].submit(intentSlip(...args));
/** A grant to whoever has a role at the hospital; then the intent of somebody under it. */
const wardIntent = (chain: TestChain, role: "doctor" | "desk", by: string) => {
  const reader: Reader = { kind: "institution", id: hospital, role };
  assert.equal(publish(chain, hour, "ward", reader), "OK");
  return intent(chain, openedReader("ward", reader), { label: "ward", by });
};
/** As many intents as a minute takes, then one more that much later. */
const oneMore = (chain: TestChain, afterMs: number, label = "grant") => {
  chain.block([], 60_000 - (chain.time % 60_000));
  for (let i = 0; i < limits.intentsPerMinute; i += 1)
    assert.equal(chain.submit(intentSlip(chain), undefined, 1), "OK");
  return chain.submit(intentSlip(chain, {}, { label }), undefined, afterMs);
};

const rows: readonly {
  kind: string;
  when: string;
  want: SlipCode;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  {
    kind: "grant.publish",
    when: "it comes twice",
    want: "GRANT_EXISTS",
    submit: (chain) => publish(chain, 2 * hour),
  },
  {
    kind: "grant.publish",
    when: "it expires a millisecond from now",
    want: "OK",
    submit: (chain) => publish(chain, 1, "g"),
  },
  {
    kind: "grant.publish",
    when: "it expires now",
    want: "EXPIRY_IN_PAST",
    submit: (chain) => publish(chain, 0, "g"),
  },
  {
    kind: "grant.publish",
    when: "it lasts a year",
    want: "OK",
    submit: (chain) => publish(chain, limits.grantLifetimeMs, "g"),
  },
  {
    kind: "grant.publish",
    when: "it lasts a millisecond more",
    want: "EXPIRY_TOO_FAR",
    submit: (chain) => publish(chain, limits.grantLifetimeMs + 1, "g"),
  },
  {
    kind: "grant.revoke",
    when: "the patient revokes",
    want: "OK",
    submit: (chain) => revoke(chain),
  },
  {
    kind: "grant.revoke",
    when: "nobody published it",
    want: "GRANT_UNKNOWN",
    submit: (chain) => revoke(chain, "g"),
  },
  {
    kind: "grant.revoke",
    when: "the revoker revokes",
    want: "OK",
    submit: (chain) => revoke(chain, "grant", revokerOf("grant")),
  },
  {
    kind: "grant.revoke",
    when: "another key signs",
    want: "NOT_THE_REVOKER",
    submit: (chain) => revoke(chain, "grant", "mallory"),
  },
  {
    kind: "grant.revoke",
    when: "another grant's revoker signs",
    want: "NOT_THE_REVOKER",
    submit: (chain) => (publish(chain, hour, "g"), revoke(chain, "grant", revokerOf("g"))),
  },
  {
    kind: "grant.revoke",
    when: "a stranger speaks of what was revoked",
    want: "NOT_THE_REVOKER",
    submit: (chain) => (revoke(chain), revoke(chain, "grant", "mallory")),
  },
  {
    kind: "grant.revoke",
    when: "said twice",
    want: "GRANT_REVOKED",
    submit: (chain) => (revoke(chain), revoke(chain)),
  },
  {
    kind: "grant.revoke",
    when: "it has expired",
    want: "OK",
    submit: (chain) => (chain.block([], 2 * hour), revoke(chain)),
  },

  {
    kind: "usage.intent",
    when: "the grant is live",
    want: "OK",
    submit: (chain) => intent(chain),
  },
  {
    kind: "usage.intent",
    when: "nobody published the grant",
    want: "GRANT_UNKNOWN",
    submit: (chain) => intent(chain, { gid: bytesOf("no grant") }),
  },
  {
    kind: "usage.intent",
    when: "the grant expires in a millisecond",
    want: "OK",
    submit: (chain) => (
      publish(chain, 11, "g"),
      chain.submit(intentSlip(chain, {}, { label: "g" }), undefined, 10)
    ),
  },
  {
    kind: "usage.intent",
    when: "the grant expires now",
    want: "GRANT_EXPIRED",
    submit: (chain) => (
      publish(chain, 10, "g"),
      chain.submit(intentSlip(chain, {}, { label: "g" }), undefined, 10)
    ),
  },
  {
    kind: "usage.intent",
    when: "the grant was revoked",
    want: "GRANT_REVOKED",
    submit: (chain) => (revoke(chain), intent(chain)),
  },
  {
    kind: "usage.intent",
    when: "a proxy is not of the federation",
    want: "PROXY_UNKNOWN",
    submit: (chain) => intent(chain, { proxies: [1, 2, 5] }),
  },
  {
    kind: "usage.intent",
    when: "it shows another reader than was published",
    want: "READER_NOT_OPENED",
    submit: (chain) => intent(chain, { reader: holderOf(wu) }),
  },
  {
    kind: "usage.intent",
    when: "it shows another salt",
    want: "READER_NOT_OPENED",
    submit: (chain) => intent(chain, { salt: bytesOf("another salt") }),
  },
  {
    kind: "usage.intent",
    when: "it shows a person's reader as an institution's",
    want: "READER_NOT_OPENED",
    submit: (chain) =>
      intent(chain, { reader: { kind: "institution", id: hospital, role: "doctor" } }),
  },
  {
    kind: "usage.intent",
    when: "another doctor shows the reader",
    want: "NOT_THE_READER",
    submit: (chain) =>
      chain.submit(
        chain.slip(
          "usage.intent",
          intentFields("grant", wu, openedReader("grant", holderOf(lin))),
          keyOf("dr-wu"),
        ),
      ),
  },
  {
    kind: "usage.intent",
    when: "a doctor of the institution acts under its grant",
    want: "OK",
    submit: (chain) => wardIntent(chain, "doctor", "dr-lin"),
  },
  {
    kind: "usage.intent",
    when: "a doctor of another institution acts under it",
    want: "NOT_THE_READER",
    submit: (chain) => wardIntent(chain, "doctor", "dr-wu"),
  },
  {
    kind: "usage.intent",
    when: "somebody of the institution in another role acts under it",
    want: "NOT_THE_READER",
    submit: (chain) => wardIntent(chain, "desk", "dr-lin"),
  },
  ...actions.map((action) => ({
    kind: "usage.intent",
    when: `the action is ${action}`,
    want: "OK" as const,
    submit: (chain: TestChain) => intent(chain, { action }),
  })),
  {
    kind: "usage.intent",
    when: "no grant can allow the action",
    want: "ACTION_UNKNOWN",
    submit: (chain) => intent(chain, { action: "write" }),
  },
  {
    kind: "usage.intent",
    when: "it is one more than a minute takes",
    want: "TOO_MANY_INTENTS",
    submit: (chain) => oneMore(chain, 1),
  },
  {
    kind: "usage.intent",
    when: "the next minute has begun",
    want: "OK",
    submit: (chain) => oneMore(chain, 60_000),
  },
  {
    kind: "usage.intent",
    when: "the minute is full of another grant's",
    want: "OK",
    submit: (chain) => (publish(chain, hour, "g"), oneMore(chain, 1, "g")),
  },
];

for (const { kind, when, want, submit } of rows)
  test(`${kind} gives ${want} when ${when}`, () => assert.equal(submit(consortium.fork()), want));

test("an intent behind the revocation in the same block is refused, one before it accepted", () => {
  const revoking = (chain: TestChain) =>
    chain.slip("grant.revoke", revokeFields("grant"), keyOf("grant"));
  const after = consortium.fork();
  assert.deepEqual(
    after
      .block([after.group([revoking(after), intentSlip(after)])])
      .results[0]?.map(({ code }) => code),
    ["OK", "GRANT_REVOKED"],
  );
  const before = consortium.fork();
  assert.deepEqual(
    before
      .block([before.group([intentSlip(before), revoking(before)])])
      .results[0]?.map(({ code }) => code),
    ["OK", "OK"],
  );
});
