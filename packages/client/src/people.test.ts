/** Whom a device takes somebody for: what one node says of a person is checked, and counts for a while only. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { createDevice, MemoryBlobDir } from "@anamnesis/client";
import type { Device, Session } from "@anamnesis/client";
import { makeKeys } from "@anamnesis/client/person";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  fingerprintOf,
  identityCommitment,
  readCertificate,
} from "@anamnesis/protocol";
import type { CertificateView, Credential, Role, Trust } from "@anamnesis/protocol";
import { CertificateOffice } from "@anamnesis/testing/certificateOffice";
import { genesisTime, hospital, makeTrust } from "@anamnesis/testing/federation";
import { boxKeyOf, bytesOf, keyOf } from "@anamnesis/testing/keys";
import { registeredBy } from "@anamnesis/testing/registrars";
import { acceptPerson, assertKnown } from "./knownPeople.ts";
import { certificateOf, findDoctor, liveCertificate, personOf, verifyPatient } from "./people.ts";

const dayMs = 24 * 3_600_000;
const now = genesisTime + dayMs;

suite("people", () => {
  let office: CertificateOffice;
  let trust: Trust;
  let device: Device;

  before(async () => {
    office = await CertificateOffice.make("of people ", genesisTime);
    trust = makeTrust({ cas: office.cas });
  });

  /** What an honest chain says of somebody of the hospital. */
  async function view(name: string, role: Role = "doctor"): Promise<CertificateView> {
    const { der } = await office.issue(name, { role, time: genesisTime });
    const { serial: _, ...certificate } = readCertificate(der, office.cas);
    const of = { institution: hospital, der, revokedAt: 0, suspendedUntil: 0 };
    return { ...certificate, ...of } as unknown as CertificateView;
  }

  /** A device of somebody who knows nobody yet, whose members all hold these certificates. */
  async function meeting(...views: CertificateView[]) {
    device = await createDevice(
      new MemoryBlobDir(),
      makeKeys({ role: "doctor", name: "Dr Li", institution: hospital }),
      { demo: true },
    );
    const world = {
      views,
      now,
      asked: 0,
      by: undefined as unknown,
      fails: undefined as unknown,
      /** Given for whomever it is asked. */
      answer: undefined as CertificateView | undefined,
    };
    const node = {
      head: async () => ({}),
      certificate: async (_: string, fingerprint: string) => {
        world.asked += 1;
        if (world.fails !== undefined) throw world.fails;
        const found = world.answer ?? world.views.find((each) => each.fingerprint === fingerprint);
        if (found === undefined) throw new AnamnesisError("NOT_FOUND", "Nobody");
        return found;
      },
      // It answers with everybody, whoever is asked for.
      certificates: async (_: string, by: unknown) => {
        world.by = by;
        return world.views;
      },
    };
    const session = {
      device,
      trust,
      random: randomBytes,
      clock: () => world.now,
      network: { node: () => node },
    } as unknown as Session;
    return { session, world };
  }

  test("certificateOf() asks once, and anew for what was asked longer ago or could not be had", async () => {
    const li = await view("Dr Li");
    const { session, world } = await meeting();
    await assert.rejects(certificateOf(session, li.fingerprint), { code: "NOT_FOUND" });
    world.views.push(li);
    world.asked = 0;
    assert.equal(await certificateOf(session, li.fingerprint), li);
    world.now += 1000;
    for (const maxAgeMs of [undefined, 1000])
      await certificateOf(session, li.fingerprint, maxAgeMs);
    assert.equal(world.asked, 1);
    await certificateOf(session, li.fingerprint, 999);
    assert.equal(world.asked, 2);
  });

  test("a certificate that is another's, or that this federation did not issue, is nobody's", async () => {
    const [li, chen] = [await view("Dr Li"), await view("Dr Chen")];
    const { session, world } = await meeting();
    const refused = { code: "AUTHOR_UNVERIFIED" };
    for (const answer of [chen, { ...li, name: "Dr House" }]) {
      world.answer = answer;
      await assert.rejects(certificateOf(session, li.fingerprint), refused);
      await assert.rejects(liveCertificate(session, li.fingerprint), refused);
    }
  });

  test("liveCertificate() asks each time, and refuses who is revoked, suspended or out of date", async () => {
    const li = await view("Dr Li");
    const { session, world } = await meeting(li);
    for (const count of [1, 2]) {
      assert.equal(await liveCertificate(session, li.fingerprint), li);
      assert.equal(world.asked, count);
    }
    const dead = { code: "CERTIFICATE_NOT_LIVE" };
    for (const change of [{ revokedAt: now }, { suspendedUntil: now + 1 }]) {
      world.views = [{ ...li, ...change }];
      await assert.rejects(liveCertificate(session, li.fingerprint), dead);
    }
    world.views = [li];
    world.now = li.validTo + 1;
    await assert.rejects(liveCertificate(session, li.fingerprint), dead);
  });

  /** A patient's certificate, for which this registrar vouched. */
  async function credential(
    registrar: Uint8Array | null,
    key = "a registrar",
  ): Promise<Credential> {
    const { der } = await office.issue("alice", { time: genesisTime });
    const commitment = identityCommitment(bytesOf("salt"), "ID-ALICE");
    const of = { institution: hospital, role: "patient", name: "", commitment };
    const keys = { signingKey: keyOf("alice").publicKey, boxKey: boxKeyOf("alice") };
    const signature = registeredBy(keyOf(key), { ...of, ...keys });
    return {
      certificate: der,
      registration: { institution: hospital, registrar, commitment, signature },
    };
  }

  test("verifyPatient() takes a patient for whose keys a registrar of the federation signed", async () => {
    const registrar = await view("a registrar", "registrar");
    const { session, world } = await meeting(registrar);
    const named = fromHex(registrar.fingerprint);
    const good = await credential(named);
    assert.equal((await verifyPatient(session, good)).fingerprint, fingerprintOf(good.certificate));
    const refused = { code: "REGISTRATION_INVALID" };
    await assert.rejects(verifyPatient(session, await credential(null)), refused);
    await assert.rejects(verifyPatient(session, await credential(named, "mallory")), refused);
    await assert.rejects(verifyPatient(session, await credential(bytesOf("nobody"))), refused);
    world.now = genesisTime + 6 * 365 * dayMs;
    await assert.rejects(verifyPatient(session, good), { code: "CERTIFICATE_NOT_LIVE" });
  });

  test("verifyPatient() looks at a registrar again after a minute, and tells what kept it from looking", async () => {
    const registrar = await view("a registrar", "registrar");
    const { session, world } = await meeting(registrar);
    const named = fromHex(registrar.fingerprint);
    const good = await credential(named);
    await verifyPatient(session, good);
    world.views = [{ ...registrar, revokedAt: registrar.validFrom }];
    world.now += 60_000;
    await verifyPatient(session, good);
    world.now += 1;
    await assert.rejects(verifyPatient(session, good), { code: "REGISTRATION_INVALID" });
    world.now += 60_001;
    world.fails = new AnamnesisError("UNAVAILABLE", "Away");
    await assert.rejects(verifyPatient(session, good), { code: "UNAVAILABLE" });
    world.fails = Object.assign(new TypeError("broken"), { code: "NOT_FOUND" });
    await assert.rejects(verifyPatient(session, good), TypeError);
  });

  test("findDoctor() finds who is meant by a fingerprint, a name, or a name and a place", async () => {
    const [li, at, alice] = [
      await view("Dr Li"),
      await view("@Li"),
      await view("Dr Li", "patient"),
    ];
    const { session, world } = await meeting(
      li,
      at,
      { ...alice, name: "Dr Li" },
      await view("Dr Chen"),
    );
    for (const who of [li.fingerprint, "Dr Li", `Dr Li@${hospital}`])
      assert.equal((await findDoctor(session, who)).fingerprint, li.fingerprint, who);
    assert.deepEqual(world.by, { name: "Dr Li", institution: hospital });
    assert.equal((await findDoctor(session, "@Li")).fingerprint, at.fingerprint);
    assert.deepEqual(world.by, { name: "@Li" });
    assert.equal((await findDoctor(session, "Dr Li", hospital)).fingerprint, li.fingerprint);
    assert.deepEqual(world.by, { name: "Dr Li", institution: hospital });
    const elsewhere = { code: "NOT_FOUND", message: /called 'Dr Li' at city-hospital$/ };
    await assert.rejects(findDoctor(session, "Dr Li@city-hospital"), elsewhere);
    await assert.rejects(findDoctor(session, "Dr Li", "city-hospital"), elsewhere);
    await assert.rejects(findDoctor(session, "Dr No"), {
      code: "NOT_FOUND",
      message: /called 'Dr No'$/,
    });
  });

  test("findDoctor() passes over whose certificate does not count, and asks which of two is meant", async () => {
    const li = await view("Dr Li");
    const { session, world } = await meeting({ ...li, revokedAt: 1 });
    await assert.rejects(findDoctor(session, "Dr Li"), { code: "CERTIFICATE_NOT_LIVE" });
    world.views.push(li);
    assert.equal(await findDoctor(session, "Dr Li"), li);
    const other = { ...(await view("Dr Li")), institution: "city-hospital" } as CertificateView;
    world.views.push(other);
    await assert.rejects(findDoctor(session, "Dr Li"), {
      code: "AMBIGUOUS_NAME",
      message: new RegExp(`Dr Li@${hospital} \\(${li.fingerprint.slice(0, 8)}\\)`),
    });
    assert.equal(await findDoctor(session, `Dr Li@${hospital}`), li);
    await assert.rejects(findDoctor(session, "Dr Li@city-hospital"), { code: "AUTHOR_UNVERIFIED" });
  });

  test("findDoctor() asks about a known name under another key, by whatever it is found", async () => {
    const [li, other] = [await view("Dr Li"), await view("Dr Li")];
    const { session, world } = await meeting(li);
    await findDoctor(session, "Dr Li");
    world.views = [other];
    for (const who of ["Dr Li", other.fingerprint])
      await assert.rejects(findDoctor(session, who), { code: "KEY_CHANGED" });
    await acceptPerson(session, other.fingerprint);
    assert.equal(await findDoctor(session, "Dr Li"), other);
  });

  test("assertKnown() goes on knowing the key from before, and waits for each new one by itself", async () => {
    const { session } = await meeting();
    const li = {
      fingerprint: "a".repeat(64),
      name: "Dr Li",
      role: "doctor",
      institution: hospital,
    };
    const keyed = (letter: string) => ({ ...li, fingerprint: letter.repeat(64) });
    await assertKnown(session, li);
    await assertKnown(session, li);
    for (const letter of ["b", "c", "b"])
      await assert.rejects(assertKnown(session, keyed(letter)), {
        code: "KEY_CHANGED",
        message: new RegExp(`Dr Li by a{16}; now it is ${letter}{64}`),
      });
    const waiting = async () =>
      (await device.items.all("known"))[0]!.waiting.map(([letter]) => letter);
    assert.deepEqual(await waiting(), ["b", "c"]);
    await acceptPerson(session, "b".repeat(64));
    assert.deepEqual(await waiting(), ["c"]);
    await assertKnown(session, keyed("b"));
    await assertKnown(session, li);
    await assert.rejects(assertKnown(session, keyed("c")), {
      message: /by a{16}, b{16}; now it is c{64}/,
    });
    for (const other of [
      { role: "registrar" },
      { institution: "city-hospital" },
      { name: "Dr Chen" },
    ])
      await assertKnown(session, { ...keyed("d"), ...other });
    await assert.rejects(acceptPerson(session, "e".repeat(64)), { code: "NOT_FOUND" });
  });

  test("personOf() shows who cannot be verified without a name, and tells that nobody answers", async () => {
    const li = await view("Dr Li");
    const { session, world } = await meeting(li);
    const { fingerprint } = li;
    const person = { fingerprint, name: "Dr Li", role: "doctor", institution: hospital };
    assert.deepEqual(await personOf(session, fingerprint), person);
    const unknown = "0".repeat(64);
    const nobody = { fingerprint: unknown, name: "", role: "", institution: "" };
    assert.deepEqual(await personOf(session, unknown), nobody);
    world.fails = new AnamnesisError("UNAVAILABLE", "Away");
    await assert.rejects(personOf(session, unknown), { code: "UNAVAILABLE" });
    world.fails = new TypeError("broken");
    await assert.rejects(personOf(session, unknown), TypeError);
  });
});
