/** The whole path, from visit to proof, over a federation in memory: real chains, certificates, shares and seals. */
import assert from "node:assert/strict";
import { before, describe } from "node:test";
import { collect } from "@anamnesis/client";
import type { RecordSummary, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import { opened } from "@anamnesis/testing/client/opened";
import * as patient from "@anamnesis/client/patient";
import { categories, parse, sameResources, unite } from "@anamnesis/fhir";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { inOrder } from "@anamnesis/testing/inOrder";

const test = inOrder();

const dayMs = 24 * 3_600_000;
const read = async (session: Session, id: string): Promise<Uint8Array> =>
  (await collect(await doctor.openRecord(session, id))).content;

/** One Bundle of several visits, as an export gives it. */
function history(seed: number): Uint8Array {
  const { bundles } = syntheticPatient(seed, { institutions: ["general-hospital"], visits: 3 });
  const entries = new Map<string, unknown>();
  for (const { bytes } of bundles) {
    const { entry } = JSON.parse(new TextDecoder().decode(bytes)) as {
      entry: { fullUrl: string }[];
    };
    for (const each of entry) entries.set(each.fullUrl, each);
  }
  return new TextEncoder().encode(
    JSON.stringify({ resourceType: "Bundle", type: "collection", entry: [...entries.values()] }),
  );
}

describe("a record's life", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;
  let whole = "";
  let split: readonly string[] = [];
  let request = "";
  let gid = "";
  const bundle = history(7);
  const pdf = syntheticPdf(7);

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  });

  test("openVisit() hands the doctor a token, and the address book learns the patient's name", async () => {
    const visit = await patient.openVisit(alice, {
      institution: "general-hospital",
      doctor: "Dr Li",
    });
    assert.deepEqual(visit.categories, categories);
    assert.deepEqual(await doctor.receive(author), [
      { what: "token", pid: visit.pid, patient: "alice" },
    ]);
    assert.deepEqual(
      (await doctor.listPatients(author)).map(({ name }) => name),
      ["alice"],
    );
  });

  test("importFile() writes a file whole under the visit's token, nobody attending", async () => {
    const [record] = await doctor.importFile(author, {
      content: pdf,
      fileName: "letter.pdf",
      for: "alice",
      category: "referral",
    });
    assert.equal(record?.title, "letter.pdf");
    whole = record?.id ?? "";
    assert.equal(await patient.receive(alice), 1);
  });

  test("importFile() splits a Bundle while the patient attends, one visit for each encounter", async () => {
    const stop = new AbortController();
    const attending = patient.attend(alice, { signal: stop.signal });
    const records = await doctor.importFile(author, {
      content: bundle,
      fileName: "stay.json",
      for: "alice",
    });
    stop.abort();
    await attending;
    await patient.receive(alice); // Notices that came while the attending stopped.
    split = records.map(({ id }) => id);
    assert.ok(split.length > 1);
    const listed = await patient.listRecords(alice);
    assert.equal(listed.length, split.length + 1);
    assert.equal(
      new Set(listed.map(({ pid }) => pid)).size,
      new Set(records.map(({ pid }) => pid)).size + 1,
    );
    assert.equal((await doctor.listAuthored(author)).length, split.length + 1);
  });

  test("confirm() opens, verifies and signs every record, once", async () => {
    const { confirmed, failed } = await patient.confirm(alice, { all: true });
    assert.deepEqual(failed, []);
    assert.deepEqual(confirmed.toSorted(), [whole, ...split].toSorted());
    assert.deepEqual(await patient.confirm(alice, { all: true }), {
      confirmed: [],
      sent: [],
      failed: [],
    });
    const states = new Set((await patient.listRecords(alice)).map(({ state }) => state));
    assert.deepEqual([...states], ["confirmed"]);
  });

  test("requestAccess() reaches the patient through the registry's contact card", async () => {
    request = (
      await doctor.requestAccess(reader, {
        for: "alice",
        purpose: "TREAT",
        until: federation.clock() + dayMs,
      })
    ).id;
    const told: string[] = [];
    await patient.receive(alice, ({ what }) => told.push(what));
    assert.deepEqual(told.toSorted(), ["asked", "lookedUp"]);
    const [asked] = await patient.listRequests(alice);
    assert.equal(asked?.id, request);
    assert.equal(asked?.party.name, "Dr Chen");
    assert.equal(asked?.categories, undefined);
  });

  test("grant() without a choice opens every record to the reader", async () => {
    const given = await patient.grant(alice, { request });
    gid = given.id;
    assert.equal(given.status, "live");
    assert.deepEqual(
      (await doctor.receive(reader)).map(({ what }) => what),
      ["grant"],
    );
    const readable = await doctor.listReadable(reader);
    assert.deepEqual(
      readable.map(({ id }: RecordSummary) => id).toSorted(),
      [whole, ...split].toSorted(),
    );
    assert.deepEqual(
      (await doctor.listRequests(reader)).map(({ state }) => state),
      ["granted"],
    );
    assert.deepEqual(
      (await patient.listRequests(alice)).map(({ state }) => state),
      ["granted"],
    );
  });

  test("openRecord() gives the file byte-identical", async () => {
    assert.deepEqual(await read(reader, whole), pdf);
  });

  test("openMany() opens a split Bundle under one intent, resource-identical", async () => {
    const intents = federation.chains.posted.filter(({ kind }) => kind === "usage.intent").length;
    const contents = [];
    for await (const record of opened(doctor.openMany(reader, split)))
      contents.push((await collect(record)).content);
    assert.equal(
      federation.chains.posted.filter(({ kind }) => kind === "usage.intent").length,
      intents + 1,
    );
    assert.equal(
      federation.chains.posted.filter(({ kind }) => kind === "usage.done").length,
      intents + 1,
    );
    assert.ok(
      sameResources(unite(contents.map((content) => parse(content))), parse(bundle).entries),
    );
  });

  test("openOwn() rereads what the doctor wrote, and the chain says so before", async () => {
    assert.deepEqual(await read(author, whole), pdf);
    assert.equal(federation.chains.posted.at(-1)?.kind, "usage.author");
  });

  test("accessLog() tells who asked, was allowed and opened which records", async () => {
    const log = await patient.accessLog(alice);
    const whats = log.map(({ what }) => what).toSorted();
    assert.deepEqual(whats, ["asked", "granted", "lookedUp", "opened", "opened", "reread"]);
    const opened = log.filter((entry) => entry.what === "opened");
    assert.deepEqual(
      opened.map(({ records }) => records.length).toSorted((a, b) => a - b),
      [1, split.length],
    );
    for (const entry of opened) {
      assert.equal(entry.who.name, "Dr Chen");
      assert.ok(entry.witnesses >= 3);
      assert.ok(entry.completed !== undefined);
    }
    assert.deepEqual(
      log.filter((entry) => entry.what === "reread").map(({ record }) => record),
      [whole],
    );
  });

  test("checkProof() verifies offline, and fails under another federation's trust", async () => {
    const file = await patient.exportProof(alice, whole);
    const checked = patient.checkProof(file, federation.trust);
    assert.equal(checked.record, whole);
    assert.equal(checked.confirmed, true);
    assert.equal(checked.author.name, "Dr Li");
    assert.equal(checked.signers.length, 2);
    const other = await ClientFederation.make("other");
    assert.throws(() => patient.checkProof(file, other.trust), { code: "PROOF_INVALID" });
    const spoiled = file.slice();
    spoiled[spoiled.length - 1]! ^= 1;
    assert.throws(() => patient.checkProof(spoiled, federation.trust));
  });

  test("amendRecord() makes an unconfirmed version; ID@1 is the first", async () => {
    const text = new TextEncoder().encode("corrected");
    const { slip } = await doctor.amendRecord(author, {
      record: whole,
      content: text,
      fileName: "letter.txt",
      whole: true,
    });
    const amended = (await patient.listRecords(alice)).find(({ id }) => id === whole);
    assert.equal(amended?.state, "unconfirmed");
    assert.deepEqual(
      amended?.versions.map(({ state }) => state),
      ["confirmed", "unconfirmed"],
    );
    assert.equal(amended?.versions[1]?.slip, slip);
    assert.deepEqual((await collect(await patient.openRecord(alice, whole))).content, text);
    assert.deepEqual((await collect(await patient.openRecord(alice, `${whole}@1`))).content, pdf);
    assert.deepEqual(await read(reader, whole), text);
    assert.deepEqual(await read(reader, `${whole}@1`), pdf);
    await assert.rejects(patient.openRecord(alice, `${whole}@3`), { code: "NOT_FOUND" });
  });

  test("dispute() tells the chain a digest and the author why", async () => {
    await patient.dispute(alice, { id: whole, reason: "The dose is wrong" });
    assert.deepEqual(await doctor.receive(author), [{ what: "disputed", record: whole }]);
    const item = await author.device.items.get("written", whole);
    assert.deepEqual(Object.values(item?.disputes ?? {}), ["The dose is wrong"]);
    assert.equal(
      (await patient.listRecords(alice)).find(({ id }) => id === whole)?.state,
      "disputed",
    );
  });

  test("revoke() ends it at once, with a receipt of every proxy", async () => {
    const revoked = await patient.revoke(alice, gid);
    assert.equal(revoked.status, "revoked");
    assert.deepEqual(revoked.receipts, [1, 2, 3, 4]);
    assert.deepEqual(await doctor.listReadable(reader), []);
    await assert.rejects(read(reader, whole), { code: "GRANT_REVOKED" });
    assert.equal((await patient.accessLog(alice))[0]?.what, "revoked");
  });

  test("a grant ends when its time is over", async () => {
    await patient.grant(alice, {
      to: "Dr Chen@city-hospital",
      records: [whole],
      until: federation.clock() + 60_000,
    });
    await doctor.receive(reader);
    assert.ok((await read(reader, whole)).length > 0);
    await assert.rejects(read(reader, split[0] ?? ""), { code: "GRANT_REVOKED" });
    federation.skewMs += 61_000;
    await assert.rejects(read(reader, whole), { code: "GRANT_EXPIRED" });
    assert.deepEqual((await doctor.listGrants(reader)).map(({ status }) => status).toSorted(), [
      "expired",
      "revoked",
    ]);
  });

  test("refuse() closes a request under a key that names nobody", async () => {
    const asked = await doctor.requestAccess(reader, {
      for: "alice",
      purpose: "HRESCH",
      until: federation.clock() + dayMs,
      categories: ["laboratory"],
    });
    await patient.receive(alice);
    await patient.refuse(alice, asked.id);
    assert.deepEqual(await doctor.receive(reader), [{ what: "refused", request: asked.id }]);
    assert.equal(
      (await patient.listRequests(alice)).find(({ id }) => id === asked.id)?.state,
      "refused",
    );
    await assert.rejects(patient.grant(alice, { request: asked.id }), { code: "REQUEST_CLOSED" });
  });
});
