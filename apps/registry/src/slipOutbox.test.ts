/** Which slips reach which node, in which order, and what a refusal or a silence of each says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { randomBytes, sha256, toHex } from "@anamnesis/crypto/verify";
import { parseFingerprint } from "@anamnesis/protocol";
import type { CaKey, Fingerprint } from "@anamnesis/protocol";
import { hospital, makeTrust, otherHospital } from "@anamnesis/testing/federation";
import { boxKeyOf, keyOf, signer } from "@anamnesis/testing/keys";
import { startNode } from "@anamnesis/testing/registryFakeNode";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import type { Authority, IssuerId } from "./authority.ts";
import { People } from "./people.ts";
import type { CertificateEntry } from "./people.ts";
import { SealedStore } from "./sealedStore.ts";
import { SlipOutbox, keepIntent } from "./slipOutbox.ts";
import type { SlipIntent } from "./slipOutbox.ts";

const now = 1_700_000_000_000;
const care = { id: "care", sign: signer(keyOf("care")) } as unknown as Authority;
const issuers = { care, "third-parties": care } as Readonly<Record<IssuerId, Authority>>;
const cas: readonly CaKey[] = [
  { id: "care", key: keyOf("care").publicKey, der: new Uint8Array(1) },
];
const unavailable = { code: "UNAVAILABLE" };

/** The other hospital, which stands last among the members, with a node of its own; all others share one. */
async function partsOf(t: TestContext) {
  const store = new SealedStore(await temporaryFolder("registry-outbox-"), randomBytes(32));
  t.after(() => store.close());
  const own = await startNode(() => cas);
  t.after(() => own.stop());
  const others = await startNode(() => cas);
  t.after(() => others.stop());
  const trust = makeTrust({
    care: [hospital, otherHospital],
    member: (id) => ({ address: id === otherHospital ? own.address : others.address }),
  });
  const people = new People(store);
  const outbox = new SlipOutbox({ store, people, issuers, trust, now: () => now });
  const chains = outbox.chainsOf(otherHospital).map(({ chain }) => chain);
  const waits = (fingerprint: Fingerprint, verb: SlipIntent["verb"] = "certify"): void => {
    for (const chain of chains) keepIntent(store, { fingerprint, verb, chain });
  };
  const waiting = (): number => store.values("slip").length;
  return { store, own, others, people, outbox, chains, waits, waiting };
}

/** A doctor of the other hospital. */
function doctor(
  people: People,
  replaces: Fingerprint | null = null,
  name = "Dr. Ada",
): Fingerprint {
  const der = randomBytes(64);
  const entry: CertificateEntry = {
    der,
    serial: toHex(randomBytes(16)),
    validFrom: now - 1,
    validTo: now + 1_000_000,
    role: "doctor",
    name,
    institution: otherHospital,
    identifier: name,
    signingKey: keyOf(toHex(der)).publicKey,
    boxKey: boxKeyOf(toHex(der)),
    issuer: "care",
    registration: {
      institution: otherHospital,
      registrar: randomBytes(32),
      commitment: randomBytes(32),
      signature: randomBytes(64),
    },
    salt: randomBytes(32),
    revokedAt: 0,
    replaces,
  };
  assert.equal(people.add(entry), toHex(sha256(der)));
  return parseFingerprint(toHex(sha256(der)));
}

test("send() sends what waits about one certificate, to its institution's node, its own chain first", async (t) => {
  const { own, others, people, outbox, chains, waits, waiting } = await partsOf(t);
  assert.deepEqual(chains.length, 2);
  for (let i = 0; i < 6; i += 1) {
    const fingerprint = doctor(people, null, `Dr. ${i}`);
    const left = doctor(people, null, `Dr. Left ${i}`);
    waits(fingerprint);
    waits(left);
    own.slips.length = 0;
    assert.equal(await outbox.send(fingerprint), "sent");
    assert.deepEqual(
      own.slips.map((slip) => [slip.kind, slip.chain]),
      chains.map((chain) => ["identity.certify", chain]),
    );
    assert.equal(waiting(), 2 * (i + 1));
  }
  assert.equal(others.asked, 0);
});

test("send() makes of each statement its slip", async (t) => {
  const { own, people, outbox, waits } = await partsOf(t);
  const old = doctor(people);
  waits(old);
  await outbox.send(old);
  people.revoke(old, now);
  const next = doctor(people, old);
  waits(next, "rotate");
  await outbox.send(next);
  waits(next, "revoke");
  await outbox.send(next);
  assert.deepEqual(
    own.slips.map(({ kind }) => kind),
    ["certify", "certify", "rotate", "rotate", "revoke", "revoke"].map(
      (verb) => `identity.${verb}`,
    ),
  );
});

test("send() says refused only where no chain has anything of it", async (t) => {
  const { store, own, people, outbox, chains, waits, waiting } = await partsOf(t);
  const refused = doctor(people, null, "Dr. Refused");
  waits(refused);
  own.answer = "CARRIER_SUSPENDED";
  assert.equal(await outbox.send(refused), "refused");
  assert.equal(own.asked, 1, "who refuses is not asked again, nor the other chain");
  assert.equal(waiting(), 2);

  const half = doctor(people, null, "Dr. Half");
  keepIntent(store, { fingerprint: half, verb: "certify", chain: chains[1]! });
  await assert.rejects(outbox.send(half), unavailable, "its own chain took it before");

  own.answer = "UNAVAILABLE";
  await assert.rejects(outbox.send(refused), unavailable, "a silence is no refusal");
});

test("send() does not say refused where the second chain refuses what the first took", async (t) => {
  const { own, people, outbox, waits, waiting } = await partsOf(t);
  const fingerprint = doctor(people);
  waits(fingerprint);
  const taken = own.slips.push.bind(own.slips);
  own.slips.push = (...slips) => {
    own.answer = "CARRIER_SUSPENDED";
    return taken(...slips);
  };
  await assert.rejects(outbox.send(fingerprint), unavailable);
  assert.equal(waiting(), 1);
});

test("what a chain holds already is done", async (t) => {
  const { own, people, outbox, waits, waiting } = await partsOf(t);
  const fingerprint = doctor(people);
  for (const verb of ["certify", "revoke"] as const)
    for (let i = 0; i < 2; i += 1) {
      waits(fingerprint, verb);
      assert.equal(await outbox.send(fingerprint), "sent");
      assert.equal(waiting(), 0);
    }
  assert.equal(own.slips.length, 4);
  assert.equal(own.asked, 8);
});

test("the consortium's slips go by any member where the own node is silent, the own chain's by no other", async (t) => {
  const { own, others, people, outbox, chains, waits, waiting } = await partsOf(t);
  const fingerprint = doctor(people);
  waits(fingerprint);
  own.answer = "UNAVAILABLE";
  assert.equal(await outbox.sendAll(), 1);
  assert.equal(own.asked, 2);
  assert.deepEqual(
    others.slips.map(({ chain }) => chain),
    [chains[1]],
  );
  assert.equal(waiting(), 1);
  others.answer = "UNAVAILABLE";
  const other = doctor(people, null, "Dr. Other");
  waits(other);
  const before = own.asked;
  assert.equal(await outbox.sendAll(), 3);
  assert.equal(own.asked, before + 3, "once for each slip");
  own.answer = "OK";
  assert.equal(await outbox.sendAll(), 0);
});

test("sendAll() forgets what is about nobody, or for no chain", async (t) => {
  const { store, own, others, people, outbox, waits, waiting } = await partsOf(t);
  waits(parseFingerprint(toHex(randomBytes(32))));
  keepIntent(store, { fingerprint: doctor(people), verb: "certify", chain: "no-such-chain" });
  assert.equal(await outbox.sendAll(), 0);
  assert.equal(waiting(), 0);
  assert.deepEqual([own.asked, others.asked], [0, 0]);
});
