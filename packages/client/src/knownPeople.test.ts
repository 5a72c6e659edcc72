/** A registry that lies about whose keys are whose, alone and with a registrar's help. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { acceptPerson } from "@anamnesis/client/person";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const fingerprintOf = async (session: Session): Promise<string> =>
  (await session.device.certificate()).fingerprint;

describe("a registry that puts another key in a person's place", () => {
  let federation: ClientFederation;
  let li: Session;
  let alice: Session;

  before(async () => {
    federation = await ClientFederation.make();
    li = await federation.join("doctor", "Dr Li");
    alice = await federation.join("patient", "alice", "general-hospital", "ID-ALICE");
    await federation.join("patient", "bob", "general-hospital", "ID-BOB");
  });

  const alone = async (name: string, identifier: string): Promise<Session> => {
    federation.people.isAlone = true;
    const forged = await federation.join("patient", name, "general-hospital", identifier);
    federation.people.isAlone = false;
    return forged;
  };

  test("a look-up is refused when the registry alone certified whom it leads to", async () => {
    await alone("mallory", "ID-FORGED");
    federation.people.lookupsLeadTo.set("ID-ALICE", "ID-FORGED");
    await assert.rejects(doctor.resolvePatient(li, "ID-ALICE"), { code: "REGISTRATION_INVALID" });
    await assert.rejects(doctor.resolvePatient(li, "ID-FORGED"), { code: "REGISTRATION_INVALID" });
    federation.people.lookupsLeadTo.clear();
  });

  test("a look-up is refused when it leads to somebody with another identifier", async () => {
    federation.people.lookupsLeadTo.set("ID-ALICE", "ID-BOB");
    await assert.rejects(doctor.resolvePatient(li, "ID-ALICE"), { code: "REGISTRATION_INVALID" });
    federation.people.lookupsLeadTo.clear();
    assert.equal(
      (await doctor.resolvePatient(li, "ID-ALICE")).fingerprint,
      await fingerprintOf(alice),
    );
  });

  test("a visit token under a certificate that no registrar signed is thrown away", async () => {
    const forged = await alone("carol", "ID-CAROL");
    await patient.openVisit(forged, { institution: "general-hospital", doctor: "Dr Li" });
    assert.deepEqual(await doctor.receive(li), [
      { what: "discarded", code: "REGISTRATION_INVALID" },
    ]);
  });

  test("with a registrar's help, a known identifier with another key asks the user", async () => {
    const dora = await federation.join("patient", "dora", "general-hospital", "ID-DORA");
    await doctor.resolvePatient(li, "ID-DORA");
    const other = await federation.join("patient", "dora", "general-hospital", "ID-DORA");
    await assert.rejects(doctor.lookupPatient(li, "ID-DORA"), { code: "KEY_CHANGED" });
    assert.equal(
      (await doctor.resolvePatient(li, "ID-DORA")).fingerprint,
      await fingerprintOf(dora),
    );
    await acceptPerson(li, await fingerprintOf(other));
    assert.equal(
      (await doctor.lookupPatient(li, "ID-DORA")).fingerprint,
      await fingerprintOf(other),
    );
    await assert.rejects(acceptPerson(li, await fingerprintOf(other)), { code: "NOT_FOUND" });
  });

  test("a known doctor's name with another key asks the patient", async () => {
    const chen = await federation.join("doctor", "Dr Chen");
    const visit = { institution: "general-hospital" } as const;
    await patient.openVisit(alice, { ...visit, doctor: "Dr Chen" });
    const other = await fingerprintOf(await federation.join("doctor", "Dr Chen"));
    const open = (who: string) => patient.openVisit(alice, { ...visit, doctor: who });
    await assert.rejects(open(other), { code: "KEY_CHANGED" });
    await open(await fingerprintOf(chen));
    await acceptPerson(alice, other);
    await open(other);
  });
});
