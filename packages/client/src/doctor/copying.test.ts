/** To keep a copy is asked for by name: the reader's client, the chain and the proxies each refuse without it. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";

let federation: ClientFederation;
let alice: Session;
let author: Session;
let record = "";

before(async () => {
  federation = await ClientFederation.make();
  alice = await federation.join("patient", "alice");
  author = await federation.join("doctor", "Dr Li");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
  await doctor.receive(author);
  const content = new TextEncoder().encode("a letter");
  const [written] = await doctor.importFile(author, { content, fileName: "a.txt", for: "alice" });
  record = written!.id;
});

async function readerWith(name: string, actions: readonly ("read" | "copy")[]): Promise<Session> {
  const reader = await federation.join("doctor", name, "city-hospital");
  await patient.grant(alice, { to: name, actions, until: federation.clock() + 24 * 3_600_000 });
  await doctor.receive(reader);
  return reader;
}

const copyIntents = (): number =>
  federation.chains.posted.filter(({ kind }) => kind === "usage.intent").length;

test("openRecord() to copy is refused where only reading is granted, before anything is posted", async () => {
  const reader = await readerWith("Dr Chen", ["read"]);
  const opened = await doctor.openRecord(reader, record);
  assert.equal(await doctor.mayCopy(reader, opened.record), false);
  await collect(opened);
  const before = copyIntents();
  await assert.rejects(doctor.openRecord(reader, record, { action: "copy" }), {
    code: "ACTION_NOT_GRANTED",
  });
  assert.equal(copyIntents(), before);
});

test("openRecord() to copy leaves an intent to copy, where that is granted", async () => {
  const reader = await readerWith("Dr Zhou", ["read", "copy"]);
  const opened = await doctor.openRecord(reader, record, { action: "copy" });
  assert.equal(await doctor.mayCopy(reader, opened.record), true);
  assert.deepEqual((await collect(opened)).content, new TextEncoder().encode("a letter"));
  const log = await patient.accessLog(alice);
  assert.ok(log.some((entry) => entry.what === "opened" && entry.action === "copy"));
});

test("openRecord() to copy takes the grant that allows it, where a newer one allows reading alone", async () => {
  const reader = await readerWith("Dr Wu", ["read", "copy"]);
  await patient.grant(alice, {
    to: "Dr Wu",
    actions: ["read"],
    until: federation.clock() + 24 * 3_600_000,
  });
  await doctor.receive(reader);
  const { record: opened } = await doctor.openRecord(reader, record);
  assert.equal(await doctor.mayCopy(reader, opened), true);
  await collect(await doctor.openRecord(reader, record, { action: "copy" }));
});

test("mayCopy() says yes of what the doctor wrote", async () => {
  const [own] = await doctor.listAuthored(author);
  assert.equal(await doctor.mayCopy(author, own!), true);
});
