/** Attack 4 (D13): whoever has all that the registry has, its CA keys included, puts nobody's key on a chain alone. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fromHex } from "@anamnesis/crypto/verify";
import {
  consortiumOf,
  fingerprintOf,
  limits,
  makeSlip,
  memberOf,
  parseInstitutionId,
} from "@anamnesis/protocol";
import type { GenesisRegistrar, Role, SlipFields } from "@anamnesis/protocol";
import { boxKeyOf, bytesOf, keyOf } from "@anamnesis/testing/keys";
import { vouchedBy } from "@anamnesis/testing/registrars";
import { call } from "@anamnesis/testing/requests";
import { authority } from "../../apps/registry/src/authority.ts";
import type { Authority } from "../../apps/registry/src/authority.ts";
import { issueCertificate } from "../../apps/registry/src/certificates.ts";
import type { Subject } from "../../apps/registry/src/certificates.ts";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { RegistryApi } from "@anamnesis/client";
import { over, refusalOf } from "./attackTools.ts";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";

const institution = parseInstitutionId("general-hospital");
const registrysOwn = keyOf("the registry's own");
let people: People;
let care: Authority;
let registrar: GenesisRegistrar;

before(async () => {
  people = await startPeople();
  const ca = join(people.dir, "data", "registry", "registry", "ca");
  const [seed, der] = await Promise.all(
    ["care.key", "care.der"].map((file) => readFile(join(ca, file))),
  );
  care = await authority("care", Uint8Array.from(seed!), Uint8Array.from(der!));
  registrar = consortiumOf(people.trust).registrars.find((one) => one.institution === institution)!;
});
after(() => people.close());

/** A certificate of the registry's own making, as far as it can sign. */
async function certificate(role: Role, change: Partial<Subject> = {}) {
  const subject = {
    role,
    name: "Somebody",
    institution,
    signingKey: registrysOwn.publicKey,
    boxKey: boxKeyOf("the registry's own"),
    ...change,
  };
  const { der, validFrom, validTo } = await issueCertificate(care, subject, Date.now());
  const fingerprint = fromHex(fingerprintOf(der));
  const commitment = bytesOf("whoever the registry says");
  return { issuer: "care", fingerprint, ...subject, validFrom, validTo, der, commitment };
}

/** What the chain says to it. */
async function posted<K extends "identity.certify" | "identity.rotate">(
  fields: SlipFields<K>,
  kind = "identity.certify" as K,
) {
  const genesis = consortiumOf(people.trust);
  const time = Date.now();
  const header = { chain: genesis.chain, time, notAfter: time + limits.clientNotAfterMs };
  const { bytes } = makeSlip(kind, header, fields, (type, message) => care.sign(type, message));
  const { address } = memberOf(genesis, institution);
  const { json } = await call(`${address}/chains/${genesis.chain}/slips`, { body: bytes });
  return json.error?.code ?? json["code"];
}

test("the registrars of a new federation stand in genesis: on a care chain its own, on the consortium all", () => {
  for (const { registrars, institution: own, members } of people.trust.chains)
    assert.deepEqual(
      registrars.map((one) => one.institution),
      own === undefined ? members.map(({ id }) => id) : [own],
    );
});

test("attack 4: the registry alone makes nobody a doctor, in a registrar's name or its own", async () => {
  const doctor = await certificate("doctor");
  const named = fromHex(fingerprintOf(registrar.der));
  assert.equal(await posted(vouchedBy(doctor, named, registrysOwn)), "SLIP_SIGNATURE");
  assert.equal(await posted(vouchedBy(doctor, null, registrysOwn)), "SLIP_SIGNATURE");
  assert.equal(await posted(vouchedBy(doctor, doctor.fingerprint, registrysOwn)), "UNKNOWN_KEY");
});

test("attack 4: the registry alone makes nobody a registrar, and certifies no key again with what vouched for it once", async () => {
  const other = await certificate("registrar");
  assert.equal(await posted(vouchedBy(other, null, registrysOwn)), "SLIP_SIGNATURE");
  const { name, signingKey, boxKey, commitment, registered } = registrar;
  const again = await certificate("registrar", { name, signingKey, boxKey });
  assert.equal(
    await posted({ ...again, commitment, registrar: null, registered }),
    "KEY_CERTIFIED",
  );
});

test("attack 4: the registry alone puts no key in the place of a real doctor's", async () => {
  const real = await people.enrol("dr-real", "doctor", institution);
  const { fingerprint } = await real.device.certificate();
  const { signing } = await real.device.keys();
  const theirs = { name: "dr-real", commitment: bytesOf("whoever the registry says") };
  const stolen = { ...(await certificate("doctor", theirs)), replaces: fromHex(fingerprint) };
  const named = fromHex(fingerprintOf(registrar.der));
  const rotate = (by: Uint8Array | null, type?: "ROTATED") =>
    posted<"identity.rotate">(vouchedBy(stolen, by, registrysOwn, type), "identity.rotate");
  assert.equal(await rotate(named), "SLIP_SIGNATURE", "in the registrar's name");
  assert.equal(await rotate(stolen.replaces, "ROTATED"), "SLIP_SIGNATURE", "in the doctor's own");
  assert.equal(await rotate(null), "SLIP_SIGNATURE", "in the hospital's");
  const { chain } = consortiumOf(people.trust);
  const view = await real.network.node(institution).certificate(chain, fingerprint);
  assert.deepEqual([view.revokedAt ?? 0, view.signingKey], [0, signing.publicKey]);
});

test("attack 4: the registry cannot answer a look-up with its own patient", async () => {
  const asking = await people.enrol("dr-asking", "doctor", institution);
  const [alice, own] = await Promise.all(
    ["alice", "the-registrys-own"].map((name) => people.enrol(name, "patient", institution)),
  );
  for (const each of [alice!, own!]) await patient.receive(each);
  const meant = await doctor.lookupPatient(asking, "alice");
  assert.equal(meant.fingerprint, (await alice!.device.certificate()).fingerprint);
  // The answer about its own patient is honest in all but whom it is given for.
  let kept: Uint8Array | undefined;
  const registry = asking.network.registry();
  const listening = over(asking, {
    registry: (): RegistryApi => ({
      ...registry,
      lookup: async (...asked) => (kept = await registry.lookup(...asked)),
    }),
  });
  await doctor.lookupPatient(listening, "the-registrys-own");
  const lying = over(asking, {
    registry: (): RegistryApi => ({ ...registry, lookup: async () => kept! }),
  });
  assert.equal(await refusalOf(doctor.lookupPatient(lying, "alice")), "REGISTRATION_INVALID");
});
