/** A file of another person: refused before anything is written, by what the patient stated, by a number, by an earlier file. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { overrideIn, parse } from "@anamnesis/fhir";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import type { ImportSubject } from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const url = "urn:uuid:00000000-0000-4000-8000-000000000001";
const file = (person: object, value = 1): Uint8Array =>
  text(
    JSON.stringify({
      resourceType: "Bundle",
      type: "collection",
      entry: [
        { fullUrl: url, resource: { resourceType: "Patient", ...person } },
        {
          fullUrl: "urn:uuid:00000000-0000-4000-8000-000000000002",
          resource: {
            resourceType: "Observation",
            status: "final",
            code: { text: "HbA1c" },
            subject: { reference: url },
            valueInteger: value,
          },
        },
      ],
    }),
  );
const mrn = (value: string) => [{ system: "urn:hospital", value }];

describe("importFile() of another person's file", () => {
  let federation: ClientFederation;
  let author: Session;
  let patients = 0;

  before(async () => {
    federation = await ClientFederation.make();
    author = await federation.join("doctor", "Dr Li");
  });

  async function scene(stated?: Parameters<typeof patient.stateAboutSelf>[1]) {
    patients += 1;
    const name = stated?.name ?? `patient ${patients}`;
    const session = await federation.join("patient", name);
    if (stated !== undefined) await patient.stateAboutSelf(session, stated);
    await patient.openVisit(session, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    let about: ImportSubject | undefined;
    const write = async (content: Uint8Array, change: object = {}) => {
      const onSubject = (told: ImportSubject): void => {
        about = told;
      };
      const named = { fileName: "a.json", for: name, onSubject, ...change };
      return doctor.importFile(author, { content, ...named });
    };
    const verdict = async (...args: Parameters<typeof write>) => {
      await write(...args);
      return about?.whose.verdict;
    };
    return { session, write, verdict };
  }

  test("what the patient stated decides; a stated name alone says nothing", async () => {
    const { write, verdict } = await scene({ name: "Maria Lopez", birthDate: "1974-12-25" });
    const other = file({ birthDate: "1975-12-25", name: [{ text: "Maria Lopez" }] });
    const before = [federation.chains.posted.length, federation.vaults.stored().size];
    await assert.rejects(write(other), (error: { code: string; message: string }) => {
      assert.equal(error.code, "OTHER_PATIENT");
      assert.match(error.message, /by its birth date/);
      assert.doesNotMatch(error.message, /Maria|197/, "it says what differs, never how");
      return true;
    });
    assert.deepEqual([federation.chains.posted.length, federation.vaults.stored().size], before);
    const own = file({ birthDate: "1974-12-25", name: [{ text: "Maria Lopez" }] });
    assert.equal(await verdict(own), "agreement");
    const named = await scene();
    assert.equal(await named.verdict(file({ name: [{ text: "Somebody Else" }] })), "noEvidence");
  });

  test("an earlier import decides, for documents and single resources, too", async () => {
    const { write, verdict } = await scene();
    const [identifier, birthDate] = [mrn("M-1"), "1974-12-25"];
    assert.equal(await verdict(file({ identifier, birthDate })), "noEvidence");
    assert.equal(await verdict(file({ identifier, birthDate }, 2)), "agreement");
    await assert.rejects(write(file({ identifier: mrn("M-2") })), { code: "OTHER_PATIENT" });
    const single = text(
      JSON.stringify({
        resourceType: "Observation",
        code: { text: "HbA1c" },
        contained: [{ resourceType: "Patient", id: "p", identifier: mrn("M-2") }],
        subject: { reference: "#p" },
      }),
    );
    await assert.rejects(write(single), { code: "OTHER_PATIENT" });
    for (const change of [{ whole: true }, { despite: "It is theirs" }])
      await assert.rejects(write(single, change), { code: "OTHER_PATIENT" });
    assert.equal(await verdict(text("%PDF-1.7")), "noEvidence");
  });

  test("with a reason it is taken, and the reason stands in the document's Provenance", async () => {
    const { session, write } = await scene({ name: "Ana", birthDate: "1980-01-01" });
    const other = file({ birthDate: "1981-01-01", name: [{ text: "Ana" }] });
    await assert.rejects(write(other), { code: "OTHER_PATIENT" });
    const [written] = await write(other, { despite: "The file's year is a slip of the pen" });
    const { content } = await collect(await patient.openRecord(session, written!.id));
    const resources = parse(content).entries.map(({ resource }) => resource);
    assert.equal(overrideIn(resources), "The file's year is a slip of the pen");
    await assert.rejects(write(file({ birthDate: "1981-01-01" }, 5)), { code: "OTHER_PATIENT" });
  });
});
