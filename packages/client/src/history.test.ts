/** One history out of what three institutions wrote, read by the patient and by a doctor under a grant. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { ReadHistory, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { isCurrent } from "@anamnesis/fhir/history";
import { syntheticLife } from "@anamnesis/fhir/synthetic";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const PLACES = ["general-hospital", "city-hospital"] as const;

let federation: ClientFederation;
let alice: Session;
let reader: Session;
const life = syntheticLife(11, PLACES.length);

before(async () => {
  federation = await ClientFederation.make();
  alice = await federation.join("patient", "alice");
  for (const [i, institution] of PLACES.entries()) {
    const author = await federation.join("doctor", `Dr ${i}`, institution);
    await patient.openVisit(alice, { institution, doctor: `Dr ${i}` });
    await doctor.receive(author);
    const content = life.parts[i]!.bytes;
    await doctor.importFile(author, { content, fileName: "export.json", for: "alice" });
  }
  reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + 24 * 3_600_000 });
  await doctor.receive(reader);
});

const activeProblems = ({ history }: ReadHistory): string[] =>
  history.facts.problems
    .filter(isCurrent)
    .map(({ codings }) => codings.find(({ system }) => system?.includes("icd-10"))?.code ?? "")
    .toSorted();

test("patient and reader get one history, with the institutions that the chain names", async () => {
  for (const read of [
    await patient.ownHistory(alice),
    await doctor.historyOf(reader, { for: "alice" }),
  ]) {
    assert.deepEqual(read.failed, []);
    assert.deepEqual(read.history.institutions, [...PLACES].toSorted());
    assert.deepEqual(activeProblems(read), life.truth.activeProblems.toSorted());
    for (const fact of read.history.facts.problems)
      assert.deepEqual(
        fact.said.map(({ institution }) => institution).toSorted(),
        [...PLACES].toSorted(),
      );
  }
});

test("a reader's history leaves an entry for each record, with the action that was announced", async () => {
  const before = (await patient.accessLog(alice)).filter(({ what }) => what === "opened").length;
  const { records } = await doctor.historyOf(reader, { for: "alice" });
  const opened = (await patient.accessLog(alice)).filter(({ what }) => what === "opened");
  assert.ok(opened.length > before);
  const named = new Set(opened.flatMap((entry) => (entry.what === "opened" ? entry.records : [])));
  assert.deepEqual(
    Object.keys(records).filter((id) => !named.has(id)),
    [],
  );
});

test("a history to be kept needs a grant of the action copy, and is not asked for without one", async () => {
  const posted = federation.chains.posted.length;
  const { history, failed } = await doctor.historyOf(reader, { for: "alice", action: "copy" });
  assert.equal(history.records, 0);
  assert.ok(failed.length > 0);
  assert.ok(
    failed.every(({ code }) => code === "ACTION_NOT_GRANTED"),
    JSON.stringify(failed),
  );
  assert.equal(federation.chains.posted.length, posted);
});

test("a reader without a grant gets no history", async () => {
  const stranger = await federation.join("doctor", "Dr No", "city-hospital");
  await assert.rejects(doctor.historyOf(stranger, { for: "nobody" }), { code: "NOT_FOUND" });
});
