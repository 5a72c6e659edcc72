import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fromHex, randomBytes, sha256, toHex } from "@anamnesis/crypto/verify";
import { parseFingerprint } from "@anamnesis/protocol";
import type { Fingerprint } from "@anamnesis/protocol";
import { hospital, makeTrust } from "@anamnesis/testing/federation";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { People, identityName, isLive } from "./people.ts";
import type { CertificateEntry } from "./people.ts";
import { registrationFor } from "./registrations.ts";
import { SealedStore } from "./sealedStore.ts";

const now = 1_700_000_000_000;
const name = identityName({ role: "doctor", institution: hospital, identifier: "ADA" });
const enrolledAlready = { code: "ALREADY_ENROLLED" };

const entryOf = (change: Partial<CertificateEntry> = {}): CertificateEntry => ({
  der: randomBytes(64),
  serial: toHex(randomBytes(16)),
  validFrom: now,
  validTo: now + 1_000,
  role: "doctor",
  name: "Dr. Ada",
  institution: hospital,
  identifier: "ADA",
  signingKey: randomBytes(32),
  boxKey: randomBytes(8),
  issuer: "care",
  registration: {
    institution: hospital,
    registrar: null,
    commitment: randomBytes(32),
    signature: randomBytes(64),
  },
  salt: randomBytes(32),
  revokedAt: 0,
  replaces: null,
  ...change,
});
const fingerprintOfEntry = ({ der }: CertificateEntry): Fingerprint =>
  parseFingerprint(toHex(sha256(der)));

async function newPeople(t: TestContext) {
  const store = new SealedStore(await temporaryFolder("registry-people-"), randomBytes(32));
  t.after(() => store.close());
  return { store, people: new People(store) };
}

test("add() takes an identity once, a key once, and a replacement of the certificate it has alone", async (t) => {
  const { people } = await newPeople(t);
  const first = entryOf();
  const old = people.add(first);
  assert.throws(() => people.add(entryOf()), enrolledAlready);
  assert.throws(
    () => people.add(entryOf({ replaces: fingerprintOfEntry(entryOf()) })),
    enrolledAlready,
  );
  const { signingKey } = first;
  assert.throws(() => people.add(entryOf({ identifier: "GRACE", signingKey })), enrolledAlready);
  assert.throws(() => people.add(entryOf({ replaces: old, signingKey })), enrolledAlready);
  assert.equal(people.enrolled(name), old);
  const next = people.add(entryOf({ replaces: old }));
  assert.equal(people.enrolled(name), next);
  assert.equal(people.holder(signingKey), old);
});

test("undo() leaves nothing of an enrolment, and gives back what it replaced", async (t) => {
  const { people } = await newPeople(t);
  people.undo(parseFingerprint("ab".repeat(32)));
  const first = entryOf();
  const old = people.add(first);
  const second = entryOf({ replaces: old });
  const next = people.add(second);
  people.undo(next);
  assert.equal(people.enrolled(name), old);
  assert.equal(people.certificate(next), undefined);
  assert.equal(people.holder(second.signingKey), undefined);
  people.undo(old);
  assert.equal(people.enrolled(name), undefined);
  assert.equal(people.certificate(old), undefined);
  people.add(first);
});

test("revoke() counts the first time, and puts a certificate on the list once", async (t) => {
  const { store, people } = await newPeople(t);
  const entry = entryOf();
  const fingerprint = people.add(entry);
  assert.throws(() => people.revoke("ab".repeat(32), now), { code: "NOT_FOUND" });
  assert.equal(people.revoke(fingerprint, now), now);
  assert.equal(people.revoke(fingerprint, now + 5), now);
  assert.equal(people.certificate(fingerprint)?.revokedAt, now);
  const listed = { serial: entry.serial, issuer: "care", time: now };
  assert.deepEqual(store.get("revoked", fromHex(fingerprint)), listed);
  assert.equal(store.values("revoked").length, 1);
});

test("isLive() counts both ends of a certificate's time, and no revoked one", () => {
  const entry = entryOf();
  const at = (time: number, change: Partial<CertificateEntry> = {}): boolean =>
    isLive({ ...entry, ...change }, time);
  assert.deepEqual(
    [now - 1, now, now + 1_000, now + 1_001].map((time) => at(time)),
    [false, true, true, false],
  );
  assert.equal(at(now + 1, { revokedAt: now }), false);
});

test("registrationFor() refuses who is vouched for by a registrar whom nobody knows", async (t) => {
  const { store, people } = await newPeople(t);
  const { role, identifier, signingKey, boxKey, salt } = entryOf();
  const person = {
    role,
    name: "Dr. Ada",
    identifier,
    signingKey,
    boxKey,
    salt,
    registered: randomBytes(64),
    replaces: null,
  };
  for (const [institution, registrar] of [
    [hospital, randomBytes(32)],
    ["nowhere", null],
  ] as const)
    assert.throws(
      () =>
        registrationFor(
          { people, store, trust: makeTrust() },
          { ...person, institution, registrar },
        ),
      { code: "REGISTRATION_INVALID" },
    );
});
