import assert from "node:assert/strict";
import { test } from "node:test";
import { fromHex, sha256 } from "@anamnesis/crypto/verify";
import { gidOf, limits } from "@anamnesis/protocol";
import type { SlipCode, SlipFields } from "@anamnesis/protocol";
import { makeGenesis } from "@anamnesis/testing/federation";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { TestChain, certify } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";

const consortium = new TestChain(makeGenesis("consortium"));
const lin = certify(consortium, "dr-lin");
const hour = 3_600_000;
const grantKey = keyOf("grant");
const gid = fromHex(gidOf(grantKey.publicKey));

const publish = (chain: TestChain, expiresIn = hour, key = grantKey) =>
  chain.submit(
    chain.slip(
      "grant.publish",
      { key: key.publicKey, digest: bytesOf("grant digest"), expiresAt: chain.time + expiresIn },
      key,
    ),
    undefined,
    0,
  );
assert.equal(publish(consortium), "OK");
const revoke = (chain: TestChain, key = grantKey) =>
  chain.submit(chain.slip("grant.revoke", { key: key.publicKey }, key));

const request = (chain: TestChain, label: string): MadeSlip =>
  chain.slip(
    "access.request",
    { cert: lin, body: bytesOf("body"), refusal: sha256(bytesOf(`r ${label}`)) },
    keyOf("dr-lin"),
  );
const asked = request(consortium, "one");
assert.equal(consortium.submit(asked), "OK");
const refuse = (
  chain: TestChain,
  { of = fromHex(asked.id), r = bytesOf("r one"), once = "once" } = {},
) =>
  chain.submit(
    chain.slip("access.refuse", { key: keyOf(once).publicKey, request: of, r }, keyOf(once)),
  );

const intentSlip = (chain: TestChain, change: Partial<SlipFields<"usage.intent">> = {}) =>
  chain.slip(
    "usage.intent",
    { gid, cert: lin, proxies: [1, 2, 3], commitment: bytesOf("commitment"), ...change },
    keyOf("dr-lin"),
  );
const announced = intentSlip(consortium);
assert.equal(consortium.submit(announced), "OK");
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
    submit: (chain) => publish(chain, 1, keyOf("g")),
  },
  {
    kind: "grant.publish",
    when: "it expires now",
    want: "EXPIRY_IN_PAST",
    submit: (chain) => publish(chain, 0, keyOf("g")),
  },
  {
    kind: "grant.publish",
    when: "it lasts a year",
    want: "OK",
    submit: (chain) => publish(chain, limits.grantLifetimeMs, keyOf("g")),
  },
  {
    kind: "grant.publish",
    when: "it lasts a millisecond more",
    want: "EXPIRY_TOO_FAR",
    submit: (chain) => publish(chain, limits.grantLifetimeMs + 1, keyOf("g")),
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
    submit: (chain) => revoke(chain, keyOf("g")),
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
    kind: "access.request",
    when: "a doctor asks",
    want: "OK",
    submit: (chain) => chain.submit(request(chain, "two")),
  },
  { kind: "access.refuse", when: "r is shown", want: "OK", submit: (chain) => refuse(chain) },
  {
    kind: "access.refuse",
    when: "nobody asked",
    want: "REQUEST_UNKNOWN",
    submit: (chain) => refuse(chain, { of: bytesOf("no request") }),
  },
  {
    kind: "access.refuse",
    when: "r is another",
    want: "REFUSAL_SECRET_WRONG",
    submit: (chain) => refuse(chain, { r: bytesOf("r two") }),
  },
  {
    kind: "access.refuse",
    when: "it was refused",
    want: "REQUEST_CLOSED",
    submit: (chain) => (refuse(chain), refuse(chain, { once: "twice" })),
  },

  {
    kind: "usage.intent",
    when: "the grant is live",
    want: "OK",
    submit: (chain) => chain.submit(intentSlip(chain)),
  },
  {
    kind: "usage.intent",
    when: "nobody published the grant",
    want: "GRANT_UNKNOWN",
    submit: (chain) => chain.submit(intentSlip(chain, { gid: bytesOf("no grant") })),
  },
  {
    kind: "usage.intent",
    when: "the grant expires in a millisecond",
    want: "OK",
    submit: (chain) => (
      publish(chain, 11, keyOf("g")),
      chain.submit(intentSlip(chain, { gid: fromHex(gidOf(keyOf("g").publicKey)) }), undefined, 10)
    ),
  },
  {
    kind: "usage.intent",
    when: "the grant expires now",
    want: "GRANT_EXPIRED",
    submit: (chain) => (
      publish(chain, 10, keyOf("g")),
      chain.submit(intentSlip(chain, { gid: fromHex(gidOf(keyOf("g").publicKey)) }), undefined, 10)
    ),
  },
  {
    kind: "usage.intent",
    when: "the grant was revoked",
    want: "GRANT_REVOKED",
    submit: (chain) => (revoke(chain), chain.submit(intentSlip(chain))),
  },
  {
    kind: "usage.intent",
    when: "a proxy is not of the federation",
    want: "PROXY_UNKNOWN",
    submit: (chain) => chain.submit(intentSlip(chain, { proxies: [1, 2, 5] })),
  },
];

for (const { kind, when, want, submit } of rows)
  test(`${kind} gives ${want} when ${when}`, () => assert.equal(submit(consortium.fork()), want));

test("an intent behind the revocation in the same block is refused, one before it accepted", () => {
  const revoking = (chain: TestChain) =>
    chain.slip("grant.revoke", { key: grantKey.publicKey }, grantKey);
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
