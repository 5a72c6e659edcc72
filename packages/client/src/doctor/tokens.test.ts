/** Each imported encounter has a visit of its own: which token serves what. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import type { ImportedRecord } from "./submitRecords.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const url = (n: number): string => `urn:uuid:00000000-0000-4000-8000-00000000000${n}`;
const subject = { reference: url(0) };
const person = { fullUrl: url(0), resource: { resourceType: "Patient", id: "p" } };
const encounter = (n: number) => ({
  fullUrl: url(n),
  resource: { resourceType: "Encounter", status: "finished", class: { code: "AMB" }, subject },
});
const pressure = (n: number) => ({
  fullUrl: `urn:uuid:00000000-0000-4000-8000-00000000001${n}`,
  resource: {
    resourceType: "Observation",
    status: "final",
    encounter: { reference: url(n) },
    subject,
  },
});
const allergy = {
  fullUrl: url(9),
  resource: { resourceType: "AllergyIntolerance", patient: subject },
};
const bundle = (...entry: object[]): Uint8Array =>
  text(JSON.stringify({ resourceType: "Bundle", type: "collection", entry: [person, ...entry] }));
const document = (n: number): Uint8Array =>
  text(
    JSON.stringify({
      resourceType: "Bundle",
      type: "document",
      entry: [
        {
          fullUrl: url(8),
          resource: { resourceType: "Composition", encounter: { reference: url(n) } },
        },
        encounter(n),
      ],
    }),
  );

describe("tokensFor()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let visit: string;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    const opened = await patient.openVisit(alice, {
      institution: "general-hospital",
      doctor: "Dr Li",
    });
    visit = opened.pid;
    await doctor.receive(author);
  });

  const importNow = (
    content: Uint8Array,
    options: { readonly whole?: boolean } = {},
  ): Promise<readonly ImportedRecord[]> =>
    doctor.importFile(author, {
      content,
      fileName: "a.json",
      for: "alice",
      patientWaitMs: 200,
      ...options,
    });
  const pidsOf = (written: readonly ImportedRecord[]): string[] => [
    ...new Set(written.map(({ pid }) => pid)),
  ];
  /** The patient's device is away at first; nothing is written until it has answered. */
  const importAsked = async (content: Uint8Array): Promise<readonly ImportedRecord[]> => {
    const slips = federation.chains.posted.length;
    await assert.rejects(importNow(content), { code: "PATIENT_AWAY" });
    assert.equal(federation.chains.posted.length, slips);
    await patient.receive(alice);
    return importNow(content);
  };
  let second: string;

  test("a file whole leaves the open visit free; the first encounter takes it, with the patient away", async () => {
    assert.deepEqual(pidsOf(await importNow(text("x"), { whole: true })), [visit]);
    assert.deepEqual(pidsOf(await importNow(bundle(encounter(1), allergy))), [visit]);
    const [token] = await author.device.items.all("token");
    assert.match(token?.usedFor ?? "", /^[0-9a-f]{64}$/);
  });

  test("the same encounter in the same file and in others keeps its visit, with the patient away", async () => {
    for (const content of [
      bundle(encounter(1), allergy),
      bundle(encounter(1), pressure(1)),
      bundle(pressure(1)),
      document(1),
    ])
      assert.deepEqual(pidsOf(await importNow(content)), [visit]);
  });

  test("another encounter asks the patient's device for a visit of its own", async () => {
    [second = ""] = pidsOf(await importAsked(bundle(encounter(2))));
    assert.notEqual(second, visit);
    assert.deepEqual(pidsOf(await importNow(bundle(encounter(2), pressure(2)))), [second]);
    const third = pidsOf(await importAsked(document(3)));
    assert.equal(new Set([visit, second, ...third]).size, 3);
  });

  test("what belongs to no encounter goes on using the open visit", async () => {
    assert.deepEqual(pidsOf(await importNow(bundle(allergy))), [visit]);
    assert.deepEqual(pidsOf(await importNow(document(4), { whole: true })), [visit]);
  });

  test("a file of several encounters: those known keep theirs, the new ones get their own", async () => {
    const written = await importAsked(
      bundle(encounter(1), encounter(2), encounter(5), encounter(6)),
    );
    const pids = written.map(({ pid }) => pid);
    assert.equal(new Set(pids).size, 4);
    assert.deepEqual(pids.slice(0, 2), [visit, second]);
    const again = await importNow(bundle(encounter(6), encounter(5)));
    assert.deepEqual(
      again.map(({ pid }) => pid),
      [pids[3], pids[2]],
    );
  });

  test("a visit that the patient opens anew serves the next encounter, not one that has its own", async () => {
    const opened = await patient.openVisit(alice, {
      institution: "general-hospital",
      doctor: "Dr Li",
    });
    await doctor.receive(author);
    assert.deepEqual(pidsOf(await importNow(bundle(encounter(2)))), [second]);
    assert.deepEqual(pidsOf(await importNow(bundle(encounter(7)))), [opened.pid]);
  });

  test("which encounter a visit has stands on no chain, nor does its hash", async () => {
    const used = (await author.device.items.all("token")).map(({ usedFor }) => usedFor ?? "");
    assert.equal(new Set(used).size, 6);
    for (const { bytes } of federation.chains.posted) {
      const slip = Buffer.from(bytes);
      assert.ok(used.every((hash) => !slip.includes(hash) && !slip.includes(hash, 0, "hex")));
      assert.ok([1, 2, 3, 5, 6, 7].every((n) => !slip.includes(url(n))));
    }
  });
});
