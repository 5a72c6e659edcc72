import assert from "node:assert/strict";
import { after, test } from "node:test";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { limits } from "@anamnesis/protocol";
import type { ReencryptRequest } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { sharesFor } from "@anamnesis/testing/proxy/grants";
import { ProxyFederation } from "@anamnesis/testing/proxy/federation";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await ProxyFederation.start([1]);
after(() => federation.stop());
const { nodes } = federation.parties;
const own = "general-hospital";
const reader = await federation.newReader("Dr. Reader");
const [record, sibling, ungranted] = [
  await federation.newRecord(),
  await federation.newRecord(),
  await federation.newRecord(),
];
const shared = await federation.granted(reader, [record, sibling]);

test("of several faults the first in the order of the checks is told", async () => {
  const limited = await federation.granted(reader, [record, sibling], {
    records: [fromHex(sibling.slip)],
  });
  const intent = federation.intent(reader, limited, [sibling.digest]);
  const order = [
    "READER_SIGNATURE",
    "STALE_CHAIN",
    "TAG_NOT_GRANTED",
    "RECORD_NOT_GRANTED",
    "ACTION_NOT_GRANTED",
    "PURPOSE_NOT_GRANTED",
    "INTENT_MISSING",
    "NOT_ON_CHAIN",
  ];
  for (const [first, want] of order.entries()) {
    const has = (code: string): boolean => order.indexOf(code) >= first;
    nodes.clock.now += limits.headEveryMs + 1;
    nodes.headAgeMs.set(own, has("STALE_CHAIN") ? 11_000 : 0);
    const target = has("TAG_NOT_GRANTED")
      ? ungranted
      : has("RECORD_NOT_GRANTED")
        ? record
        : sibling;
    const honest = federation.request(limited.gid, intent, [target]);
    const request: ReencryptRequest = {
      ...honest,
      action: has("ACTION_NOT_GRANTED") ? "copy" : "read",
      purpose: has("PURPOSE_NOT_GRANTED") ? "HRESCH" : "TREAT",
      salt: has("INTENT_MISSING") ? randomBytes(32) : intent.salt,
      digests: [sibling.digest],
      items: honest.items.map((item) => ({ ...item, bodyHash: randomBytes(32) })),
    };
    const caller = has("READER_SIGNATURE") ? { ...reader, name: "somebody" } : reader;
    assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, caller)), want);
  }
  nodes.headAgeMs.clear();
});

test("a certificate that is revoked, suspended or out of date opens nothing", async () => {
  const revoked = await federation.newReader("Dr. Revoked");
  const made = await federation.granted(revoked, [record]);
  assert.equal(await codeOf(await federation.open(1, revoked, made, [record])), "OK");
  const intent = federation.intent(revoked, made, [record.digest]);
  federation.revokeReader(revoked);
  assert.equal(
    await codeOf(
      await federation.ask(
        1,
        "/reencrypt",
        federation.request(made.gid, intent, [record]),
        revoked,
      ),
    ),
    "CERTIFICATE_NOT_LIVE",
  );

  const suspended = await federation.newReader("Dr. Suspended");
  const given = await federation.granted(suspended, [record]);
  const before = federation.intent(suspended, given, [record.digest]);
  const asks = () =>
    federation.ask(1, "/reencrypt", federation.request(given.gid, before, [record]), suspended);
  federation.suspendReader(suspended, federation.now + 3_600_000);
  assert.equal(await codeOf(await asks()), "CERTIFICATE_NOT_LIVE");
  federation.suspendReader(suspended, 0);
  assert.equal(await codeOf(await asks()), "OK");

  const retired = await federation.newReader("Dr. Retired", { validTo: federation.now + 20_000 });
  const theirs = await federation.granted(retired, [record]);
  const second = federation.intent(retired, theirs, [record.digest]);
  nodes.clock.now += 20_001;
  assert.equal(
    await codeOf(
      await federation.ask(
        1,
        "/reencrypt",
        federation.request(theirs.gid, second, [record]),
        retired,
      ),
    ),
    "CERTIFICATE_NOT_LIVE",
  );
});

test("I3: shares that a proxy holds are not used before the grant is published", async () => {
  const made = await federation.newGrant(reader, [record]);
  assert.equal(
    await codeOf(await federation.postShares(1, await sharesFor(federation.parties, made, 1))),
    "OK",
  );
  const intent = federation.intent(reader, shared, [record.digest]);
  assert.equal(
    await codeOf(
      await federation.ask(1, "/reencrypt", federation.request(made.gid, intent, [record]), reader),
    ),
    "GRANT_NOT_LIVE",
  );
});

test("a digest on the chain that is not that of the shares is refused", async () => {
  const made = await federation.newGrant(reader, [record]);
  assert.equal(
    await codeOf(await federation.postShares(1, await sharesFor(federation.parties, made, 1))),
    "OK",
  );
  federation.publish({ ...made, digest: randomBytes(32) });
  assert.equal(await codeOf(await federation.open(1, reader, made, [record])), "GRANT_SIGNATURE");
});

test("an intent ends 60 s after it was made, however late it was committed", async () => {
  const lateMs = 40_000;
  for (const [ageMs, want] of [
    [limits.intentEndsMs - 1_000, "OK"],
    [limits.intentEndsMs + 1_000, "INTENT_MISSING"],
  ] as const) {
    const { made, ...intent } = federation.newIntent(reader, shared, [record.digest]);
    nodes.clock.now += lateMs;
    federation.commit(federation.parties.consortium, made);
    nodes.clock.now += ageMs - lateMs;
    const request = federation.request(shared.gid, intent, [record]);
    assert.equal(await codeOf(await federation.ask(1, "/reencrypt", request, reader)), want);
  }
});

test("an amendment counts as the record that it amends", async () => {
  const first = await federation.newRecord();
  const made = await federation.granted(reader, [first], { records: [fromHex(first.slip)] });
  const second = await federation.amend(first);
  assert.equal(await codeOf(await federation.open(1, reader, made, [second])), "OK");
  assert.equal(await codeOf(await federation.open(1, reader, made, [first])), "OK");
});

test("requests that are unsigned, malformed or sent twice are refused", async () => {
  const path = `/grants/${shared.gid}/reencrypt`;
  assert.equal(
    await codeOf(
      await fetch(federation.addresses.get(1)! + path, {
        method: "POST",
        body: Buffer.from(randomBytes(40)),
      }),
    ),
    "READER_SIGNATURE",
  );
  const keyId = Buffer.from(reader.fingerprint).toString("hex");
  const noise = { method: "POST", path, body: randomBytes(40) };
  assert.match(
    await codeOf(await federation.send(1, noise, keyId, keyOf(reader.name).secretKey)),
    /MALFORMED|NOT_CANONICAL|UNSUPPORTED_VERSION/,
  );
  const bare = { method: "POST", path, body: randomBytes(40) };
  const bareId = `ed25519:${Buffer.from(keyOf(reader.name).publicKey).toString("base64url")}`;
  assert.equal(
    await codeOf(await federation.send(1, bare, bareId, keyOf(reader.name).secretKey)),
    "READER_SIGNATURE",
  );
});
