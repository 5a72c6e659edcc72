import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, sha256 } from "@anamnesis/crypto/verify";
import { gidOf } from "@anamnesis/protocol";
import type { SlipCode, SlipFields } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import {
  gidBytesOf,
  holderOf,
  intentFields,
  publishFields,
  revokeFields,
} from "@anamnesis/testing/grantSlips";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certify, hex } from "@anamnesis/testing/testChain";
import { findGrant, findRequest, requestsByBody, usagePage } from "../queries.ts";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");
const wu = certify(consortium, "dr-wu", { institution: "city-hospital" });
const grantKey = keyOf("grant");
const gid = gidBytesOf("grant");
const published = { expiresAt: consortium.time + 3_600_000, reader: holderOf(lin) };
assert.equal(
  consortium.submit(consortium.slip("grant.publish", publishFields("grant", published), grantKey)),
  "OK",
);
const revoke = (chain: TestChain) =>
  chain.submit(chain.slip("grant.revoke", revokeFields("grant"), grantKey));

const asked = consortium.slip(
  "access.request",
  { cert: lin, body: bytesOf("body"), refusal: sha256(bytesOf("r one")) },
  keyOf("dr-lin"),
);
assert.equal(consortium.submit(asked), "OK");
const refuse = (chain: TestChain) => {
  const fields = { key: keyOf("once").publicKey, request: fromHex(asked.id), r: bytesOf("r one") };
  return chain.submit(chain.slip("access.refuse", fields, keyOf("once")));
};

const announced = consortium.slip("usage.intent", intentFields("grant", lin), keyOf("dr-lin"));
assert.equal(consortium.submit(announced), "OK");
const done = (
  chain: TestChain,
  change: Partial<SlipFields<"usage.done">> = {},
  reader = "dr-lin",
) =>
  chain.submit(
    chain.slip(
      "usage.done",
      { cert: lin, intent: fromHex(announced.id), proxies: [1, 3], ...change },
      keyOf(reader),
    ),
  );
const denied = (
  chain: TestChain,
  change: Partial<SlipFields<"usage.denied">> = {},
  afterMs?: number,
) => {
  const evidence = bytesOf("a request");
  const fields = { proxy: 1, gid, cert: lin, code: "GRANT_NOT_LIVE" as const, evidence, ...change };
  return chain.submit(
    chain.slip("usage.denied", fields, keyOf(`proxy ${fields.proxy}`)),
    undefined,
    afterMs,
  );
};

const rows: readonly {
  kind: string;
  when: string;
  want: SlipCode;
  submit: (chain: TestChain) => SlipCode;
}[] = [
  { kind: "usage.done", when: "the reader opened", want: "OK", submit: (chain) => done(chain) },
  {
    kind: "usage.done",
    when: "the grant was revoked since",
    want: "OK",
    submit: (chain) => (revoke(chain), done(chain)),
  },
  {
    kind: "usage.done",
    when: "it comes before the intent",
    want: "INTENT_UNKNOWN",
    submit: (chain) => done(chain, { intent: bytesOf("no intent") }),
  },
  {
    kind: "usage.done",
    when: "another reader speaks",
    want: "INTENT_OF_ANOTHER_READER",
    submit: (chain) => done(chain, { cert: wu }, "dr-wu"),
  },
  {
    kind: "usage.done",
    when: "all proxies of the intent answered",
    want: "OK",
    submit: (chain) => done(chain, { proxies: [1, 2, 3] }),
  },
  ...(
    [
      ["a proxy is not of the intent", [1, 4]],
      ["a proxy is named twice", [1, 1]],
      ["the proxies are not in order", [3, 1]],
    ] as const
  ).map(([when, proxies]) => ({
    kind: "usage.done",
    when,
    want: "PROXIES_NOT_OF_INTENT" as const,
    submit: (chain: TestChain) => done(chain, { proxies }),
  })),
  {
    kind: "usage.done",
    when: "said twice",
    want: "INTENT_DONE",
    submit: (chain) => (done(chain), done(chain)),
  },

  { kind: "usage.denied", when: "a proxy refused", want: "OK", submit: (chain) => denied(chain) },
  {
    kind: "usage.denied",
    when: "the grant is dead",
    want: "OK",
    submit: (chain) => (revoke(chain), denied(chain)),
  },
  {
    kind: "usage.denied",
    when: "nobody has the certificate",
    want: "CERTIFICATE_UNKNOWN",
    submit: (chain) => denied(chain, { cert: bytesOf("nobody") }),
  },
  {
    kind: "usage.denied",
    when: "this proxy said so this minute",
    want: "DENIED_TOO_OFTEN",
    submit: (chain) => (denied(chain), denied(chain, { evidence: bytesOf("another request") })),
  },
  {
    kind: "usage.denied",
    when: "another proxy said so this minute",
    want: "OK",
    submit: (chain) => (denied(chain), denied(chain, { proxy: 2 })),
  },
  {
    kind: "usage.denied",
    when: "a minute has passed",
    want: "OK",
    submit: (chain) => (denied(chain), denied(chain, {}, 60_000)),
  },
  {
    kind: "usage.denied",
    when: "another reader was refused",
    want: "OK",
    submit: (chain) => (denied(chain), denied(chain, { cert: wu })),
  },
  {
    kind: "usage.denied",
    when: "another grant was asked",
    want: "OK",
    submit: (chain) => (denied(chain), denied(chain, { gid: bytesOf("another") })),
  },
];

for (const { kind, when, want, submit } of rows)
  test(`${kind} gives ${want} when ${when}`, () => assert.equal(submit(consortium.fork()), want));

test("S-57: usage.done names a proxy at least", () => {
  assert.throws(() => done(consortium.fork(), { proxies: [] }), { code: "SLIP_MALFORMED" });
});

test("S-56: usage.denied says one of a list of words", () => {
  const free = { code: "BED_7" as "GRANT_NOT_LIVE" };
  assert.throws(() => denied(consortium.fork(), free), { code: "SLIP_MALFORMED" });
});

test("usagePage() tells the history oldest first; a refused request shows when", () => {
  const chain = consortium.fork();
  done(chain);
  denied(chain);
  refuse(chain);
  const gid = gidOf(grantKey.publicKey);
  const { found: usage } = usagePage(chain.state, gid, { limit: 10 });
  assert.deepEqual(
    usage.map(({ slip: _slip, time: _time, ...used }) => used),
    [
      { kind: "usage.intent", reader: hex(lin) },
      { kind: "usage.done", reader: hex(lin), intent: announced.id, proxies: [1, 3] },
      {
        kind: "usage.denied",
        reader: hex(lin),
        proxy: 1,
        code: "GRANT_NOT_LIVE",
        evidence: hex(bytesOf("a request")),
      },
    ],
  );
  assert.equal(findGrant(chain.state, gid)?.revokedAt, 0);
  assert.equal(findRequest(chain.state, asked.id)?.refused, chain.time);
  assert.deepEqual(
    requestsByBody(chain.state, hex(bytesOf("body")), { limit: 9 }).found.map(
      ({ request: id }) => id,
    ),
    [asked.id],
  );
});

test("usagePage() goes on after the page before, and says where the last one ends", () => {
  const chain = consortium.fork();
  done(chain);
  denied(chain);
  const gid = gidOf(grantKey.publicKey);
  const first = usagePage(chain.state, gid, { limit: 2 });
  const rest = usagePage(chain.state, gid, { after: first.next, limit: 1 });
  const pages = [first, rest].map(({ found }) => found.map(({ kind }) => kind));
  assert.deepEqual(pages, [["usage.intent", "usage.done"], ["usage.denied"]]);
  assert.ok(first.next !== undefined && rest.next === undefined);
});

test("usagePage() shows denials under a gid that was never published", () => {
  const chain = consortium.fork();
  const unpublished = gidOf(keyOf("never published").publicKey);
  denied(chain, { gid: fromHex(unpublished) });
  assert.equal(findGrant(chain.state, unpublished), undefined);
  assert.deepEqual(
    usagePage(chain.state, unpublished, { limit: 10 }).found.map(({ kind }) => kind),
    ["usage.denied"],
  );
});
