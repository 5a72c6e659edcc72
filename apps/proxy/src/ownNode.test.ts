/** What a proxy takes from its own institution's node, and what it does not take from the others'. */
import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { limits, parseChainId, parseFingerprint, parseGid, slipIdFrom } from "@anamnesis/protocol";
import { FakeNodes } from "@anamnesis/testing/fakeNodes";
import { hospital, institutions, makeGenesis, otherHospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { TestChain, certificateFields } from "@anamnesis/testing/testChain";
import { consortiumOverHttp } from "./consortium.ts";

const nodes = await FakeNodes.start();
after(() => nodes.stop());
const clinic = "online-clinic";
const power: Readonly<Record<string, number>> = { [hospital]: 1, [otherHospital]: 1 };
const stale = { code: "STALE_CHAIN" };

let chain: TestChain;
beforeEach(() => {
  const member = (id: string) => ({ power: power[id] ?? 0, address: `${nodes.address}/${id}` });
  chain = new TestChain(makeGenesis("consortium", { member }));
  nodes.clock.now = chain.time;
  nodes.serves(chain);
  for (const said of [nodes.away, nodes.forked, nodes.keys, nodes.headAgeMs, nodes.headLies])
    said.clear();
});

const seen = () =>
  consortiumOverHttp({
    genesis: chain.genesis,
    institution: hospital,
    nodeAddress: `${nodes.address}/${hospital}`,
    now: () => nodes.clock.now,
  });
/** Leaves the own node and these. */
const onlyWith = (...here: readonly string[]): void => {
  for (const id of institutions) if (id !== hospital && !here.includes(id)) nodes.away.add(id);
};

/** A certificate on the chain. */
function certified() {
  const fields = certificateFields(toHex(randomBytes(8)));
  const slip = chain.slip("identity.certify", fields, keyOf(fields.issuer));
  return { slip, fingerprint: parseFingerprint(toHex(fields.fingerprint)) };
}
const nobody = toHex(randomBytes(32));

test("what the chain has is given, what it has not is undefined, and where its node is away neither is said", async () => {
  const { slip, fingerprint } = certified();
  assert.equal(nodes.commit(chain, slip), "OK");
  const consortium = seen();
  const committedAt = nodes.clock.now;
  nodes.clock.now += 500;
  assert.equal((await consortium.certificate(fingerprint))?.revokedAt, 0);
  const asked = performance.now();
  const found = await consortium.slip(slip.id);
  assert.ok(performance.now() - asked < limits.waitMs, "what is there is not waited for");
  assert.deepEqual(
    [found?.slip.id, found?.blockTime, found?.committedAt],
    [slip.id, chain.time, committedAt],
  );
  assert.equal(await consortium.certificate(parseFingerprint(nobody)), undefined);
  assert.equal(await consortium.grant(parseGid(nobody)), undefined);
  nodes.away.add(hospital);
  for (const asked of [
    () => consortium.certificate(fingerprint),
    () => consortium.grant(parseGid(nobody)),
    () => consortium.slip(slip.id),
    () => consortium.submit(slip.bytes),
    () => consortium.assertFresh(),
  ])
    await assert.rejects(asked, { ...stale, message: /Away/ });
});

test("slip() waits for one that its node commits a moment later", async () => {
  const { slip } = certified();
  const consortium = seen();
  const looking = consortium.slip(slip.id);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(nodes.commit(chain, slip), "OK");
  assert.equal((await looking)?.slip.id, slip.id);
});

test("slip() does not wait for ever", async () => {
  assert.equal(await seen().slip(slipIdFrom(fromHex(nobody))), undefined);
});

test("slip() takes none whose node does not say when it committed its height", async () => {
  const { slip } = certified();
  assert.equal(chain.submit(slip), "OK");
  await assert.rejects(seen().slip(slip.id), stale);
});

test("what was fresh counts as fresh for two seconds, and no longer than its oldest head", async () => {
  onlyWith(otherHospital);
  for (const [age, want] of [
    [0, 2_000],
    [9_000, 1_000],
  ] as const) {
    nodes.away.delete(otherHospital);
    nodes.headAgeMs.set(otherHospital, age);
    const consortium = seen();
    await consortium.assertFresh();
    nodes.away.add(otherHospital);
    nodes.clock.now += want - 1;
    await consortium.assertFresh();
    nodes.clock.now += 1;
    await assert.rejects(consortium.assertFresh(), stale);
  }
});

test("a head counts that is 10 s old or a minute ahead, the own node's and another's, and not a millisecond more", async () => {
  onlyWith(otherHospital);
  for (const institution of [hospital, otherHospital])
    for (const age of [limits.headFreshMs, -limits.requestSkewMs]) {
      nodes.headAgeMs.set(institution, age);
      await seen().assertFresh();
      nodes.headAgeMs.set(institution, age + Math.sign(age));
      await assert.rejects(seen().assertFresh(), stale);
      nodes.headAgeMs.clear();
    }
});

test("no head counts that is of another chain, in another's name, or of a history that the own node has not", async () => {
  onlyWith(otherHospital);
  await seen().assertFresh();
  for (const institution of [hospital, otherHospital]) {
    nodes.headLies.set(institution, { chain: parseChainId("another") });
    await assert.rejects(seen().assertFresh(), stale);
    nodes.headLies.clear();
  }
  nodes.forked.add(otherHospital);
  await assert.rejects(seen().assertFresh(), stale);
  nodes.forked.clear();
  nodes.headLies.set(otherHospital, { height: chain.height + 1 });
  await assert.rejects(seen().assertFresh(), stale);
  nodes.headLies.clear();
  await seen().assertFresh();
});

test("a member without a vote lends no other's vote to its own head", async () => {
  onlyWith(clinic);
  nodes.headLies.set(clinic, { institution: otherHospital });
  await assert.rejects(seen().assertFresh(), stale);
});
