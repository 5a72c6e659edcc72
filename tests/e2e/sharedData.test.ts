/**
 * Every sample record of a real person's shape travels the whole path: written in one hospital, confirmed by its owner,
 * granted by category and by record, opened in another hospital as it was written, refused after revocation and expiry.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { opened } from "@anamnesis/testing/client/opened";
import * as patient from "@anamnesis/client/patient";
import { parse, sameResources, unite } from "@anamnesis/fhir";
import { startPeople } from "./sessions.ts";
import type { People } from "./sessions.ts";
import { samples } from "@anamnesis/testing/samples/samples";

const MINUTE_MS = 60_000;
const OPENED_AT_ONCE = 64;
const FILES_AT_ONCE = 3;

/** One record of every file under a grant that ends while the others are still on their way. */
const expiring: { readonly id: string; readonly until: number }[] = [];

interface SampleFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const filesIn = (...folders: readonly string[]): SampleFile[] =>
  folders
    .flatMap((folder) => samples.in(folder))
    .map((path) => ({ name: path.slice(path.lastIndexOf("/") + 1), bytes: samples.read(path) }));

let people: People;
let author: Session;
let reader: Session;

before(async () => {
  people = await startPeople();
  author = await people.enrol("dr-author", "doctor", "general-hospital");
  reader = await people.enrol("dr-reader", "doctor", "city-hospital");
});
after(() => people.close());

/** A patient with a visit at the author's hospital, who answers. */
async function newPatient(name: string): Promise<Session> {
  const session = await people.enrol(name, "patient", "general-hospital");
  await patient.openVisit(session, { institution: "general-hospital", doctor: "dr-author" });
  await doctor.receive(author);
  return session;
}

/** What the reader's hospital gets of these records: the exact bytes. */
async function openAll(ids: readonly string[]): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  for (let at = 0; at < ids.length; at += OPENED_AT_ONCE) {
    const part = ids.slice(at, at + OPENED_AT_ONCE);
    for await (const record of opened(doctor.openMany(reader, part)))
      contents.push((await collect(record)).content);
  }
  return contents;
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
  return "OK";
};

test("the sample records", { concurrency: FILES_AT_ONCE }, async (t) => {
  const bundles = filesIn("fhir/patients", "fhir/intl");
  const documents = filesIn("fhir/ips");
  assert.ok(bundles.length >= 20 && documents.length >= 3, "the sample records are not all there");
  await Promise.all([
    ...bundles.map((file, i) =>
      t.test(`${file.name} is split and shared`, () => splitAndShare(file, `patient-${i}`)),
    ),
    ...[...documents, ...filesIn("fhir/files")].map((file, i) =>
      t.test(`${file.name} is shared whole`, () => shareWhole(file, `whole-${i}`)),
    ),
  ]);
});

test("no grant opens anything after its end", async () => {
  assert.ok(expiring.length >= 20);
  await sleep(Math.max(0, ...expiring.map(({ until }) => until - Date.now())) + 100);
  for (const { id } of expiring) {
    assert.match(
      await codeOf(doctor.openGranted(reader, id)),
      /^(?:NO_ACCESS|GRANT_EXPIRED|OUTSIDE_GRANT_TIME)$/,
    );
  }
});

async function splitAndShare(file: SampleFile, name: string): Promise<void> {
  const owner = await newPatient(name);
  const leave = people.attends(owner);
  const written = await doctor.importFile(author, {
    content: file.bytes,
    fileName: file.name,
    for: name,
  });
  await leave();
  const { confirmed, failed } = await patient.confirm(owner, { all: true });
  assert.deepEqual(failed, []);
  assert.equal(confirmed.length, written.length);

  const [byCategory] = [...new Set(written.map(({ category }) => category))].toSorted();
  assert.ok(byCategory);
  const first = written.filter(({ category }) => category === byCategory).map(({ id }) => id);
  const rest = written.filter(({ category }) => category !== byCategory).map(({ id }) => id);
  const categoryGrant = await patient.grant(owner, { to: "dr-reader", categories: [byCategory] });
  const recordGrant =
    rest.length === 0 ? undefined : await patient.grant(owner, { to: "dr-reader", records: rest });
  await doctor.receive(reader);

  if (rest[0] !== undefined && recordGrant !== undefined) {
    // A grant by category opens nothing of another one.
    await patient.revoke(owner, recordGrant.id);
    assert.match(
      await codeOf(doctor.openGranted(reader, rest[0])),
      /^(?:NO_ACCESS|GRANT_REVOKED)$/,
    );
    await patient.grant(owner, { to: "dr-reader", records: rest });
    await doctor.receive(reader);
  }
  const contents = [...(await openAll(first)), ...(await openAll(rest))];
  assert.ok(
    sameResources(unite(contents.map((bytes) => parse(bytes))), parse(file.bytes).entries),
    "the resources that arrived are not those that were written",
  );

  await patient.revoke(owner, categoryGrant.id);
  assert.match(
    await codeOf(doctor.openGranted(reader, first[0]!)),
    /^(?:NO_ACCESS|GRANT_REVOKED)$/,
  );
  const soon = await patient.grant(owner, {
    to: "dr-reader",
    categories: [byCategory],
    until: Date.now() + MINUTE_MS,
  });
  await doctor.receive(reader);
  assert.equal(await codeOf(doctor.openGranted(reader, first[0]!)), "OK");
  expiring.push({ id: first[0]!, until: soon.until });
}

async function shareWhole(file: SampleFile, name: string): Promise<void> {
  const owner = await newPatient(name);
  const [written] = await doctor.importFile(author, {
    content: file.bytes,
    fileName: file.name,
    for: name,
    whole: true,
  });
  assert.ok(written);
  await patient.confirm(owner, { ids: [written.id] });
  const grant = await patient.grant(owner, {
    to: "dr-reader",
    records: [written.id],
    until: Date.now() + 10 * MINUTE_MS,
  });
  await doctor.receive(reader);
  const [content] = await openAll([written.id]);
  assert.deepEqual(content, file.bytes);
  await patient.revoke(owner, grant.id);
  assert.match(
    await codeOf(doctor.openGranted(reader, written.id)),
    /^(?:NO_ACCESS|GRANT_REVOKED)$/,
  );
}
