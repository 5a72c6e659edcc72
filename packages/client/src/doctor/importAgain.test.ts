/** The same file again, an amended one, an import that stops half-way: what is written, and what is not. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const alice = {
  fullUrl: "urn:uuid:00000000-0000-4000-8000-000000000001",
  resource: { resourceType: "Patient", id: "p" },
};
const observation = (id: string, value: number, code = "laboratory") => ({
  fullUrl: `urn:uuid:00000000-0000-4000-8000-0000000001${id}`,
  resource: {
    resourceType: "Observation",
    id,
    status: "final",
    category: [
      {
        coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code }],
      },
    ],
    code: { text: "HbA1c" },
    subject: { reference: alice.fullUrl },
    valueInteger: value,
  },
});
const bundle = (...entry: object[]): Uint8Array =>
  text(JSON.stringify({ resourceType: "Bundle", type: "collection", entry: [alice, ...entry] }));

describe("importFile() of what was written before", () => {
  let federation: ClientFederation;
  let patients = 0;
  let author: Session;

  before(async () => {
    federation = await ClientFederation.make();
    author = await federation.join("doctor", "Dr Li");
  });

  /** A patient with an open visit, and what imports give by their outcome. */
  async function scene() {
    patients += 1;
    const name = `patient ${patients}`;
    const session = await federation.join("patient", name);
    await patient.openVisit(session, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const write = (content: Uint8Array, change: object = {}) =>
      doctor.importFile(author, { content, fileName: "a.json", for: name, ...change });
    const outcomes = async (...args: Parameters<typeof write>) =>
      (await write(...args)).map(({ outcome }) => outcome);
    const posted = () => federation.chains.posted.length;
    return { session, write, outcomes, posted };
  }

  test("skips the same, makes a version of what changed, writes the rest", async () => {
    const { session, write, outcomes, posted } = await scene();
    const first = await write(bundle(observation("01", 6), observation("02", 7, "vital-signs")));
    assert.deepEqual(
      first.map(({ outcome }) => outcome),
      ["new", "new"],
    );
    const count = posted();
    const stored = federation.vaults.stored().size;
    federation.skewMs += 60_000;
    const same = await write(bundle(observation("01", 6), observation("02", 7, "vital-signs")));
    assert.deepEqual(
      same.map(({ id, outcome }) => [id, outcome]),
      first.map(({ id }) => [id, "unchanged"]),
    );
    assert.equal(posted(), count);
    assert.equal(federation.vaults.stored().size, stored);
    const imaging = observation("03", 1, "imaging");
    const changed = bundle(observation("01", 6), observation("02", 8, "vital-signs"), imaging);
    const third = await write(changed);
    assert.deepEqual(third.map(({ outcome }) => outcome).toSorted(), [
      "new",
      "unchanged",
      "version",
    ]);
    const versions = (await patient.listRecords(session)).map((record) => record.versions.length);
    assert.deepEqual(
      versions.toSorted((a, b) => a - b),
      [1, 1, 2],
    );
    assert.deepEqual(new Set(await outcomes(changed)), new Set(["unchanged"]));
    // A new version is unconfirmed; whoever confirmed the first is asked again.
    const { confirmed, failed } = await patient.confirm(session, { all: true });
    assert.deepEqual([confirmed.length, failed], [3, []]);
  });

  test("knows files without a series by their content, and no other patient's", async () => {
    const { outcomes } = await scene();
    const pdf = text("%PDF-1.7 a scan");
    assert.deepEqual(await outcomes(pdf), ["new"]);
    assert.deepEqual(await outcomes(pdf, { fileName: "b.pdf" }), ["unchanged"]);
    assert.deepEqual(await outcomes(text("%PDF-1.7 another")), ["new"]);
    assert.deepEqual(await outcomes(pdf, { category: "imaging" }), ["new"]);
    const another = await scene();
    assert.deepEqual(await another.outcomes(pdf), ["new"]);
  });

  test("what became sensitive is a new record, for a version cannot raise it", async () => {
    const { outcomes } = await scene();
    const report = (status: string) =>
      text(JSON.stringify({ ...observation("01", 1).resource, status }));
    assert.deepEqual(await outcomes(report("preliminary"), { whole: true }), ["new"]);
    assert.deepEqual(await outcomes(report("final"), { whole: true, sensitive: true }), ["new"]);
    assert.deepEqual(await outcomes(report("amended"), { whole: true, sensitive: true }), [
      "version",
    ]);
  });

  test("an import that stops before its slips leaves nothing that a vault keeps, and a second run completes it", async () => {
    const { session, outcomes, posted } = await scene();
    const content = bundle(observation("01", 6), observation("02", 7, "vital-signs"));
    const count = posted();
    const kept = () => federation.vaults.all.flatMap((vault) => [...vault.kept]).length;
    const before = kept();
    // Room for the first record alone.
    for (const [i, vault] of federation.vaults.all.slice(1).entries())
      vault.fullAfter = vault.objects.size + (i === 0 ? 1 : 0);
    try {
      await assert.rejects(outcomes(content), { code: "TOO_FEW_VAULTS" });
    } finally {
      federation.vaults.mend();
    }
    assert.deepEqual([posted(), kept()], [count, before]);
    assert.deepEqual(await patient.listRecords(session), []);
    assert.deepEqual(await outcomes(content), ["new", "new"]);
    assert.equal((await patient.listRecords(session)).length, 2);
  });

  test("an import whose answer is lost for good is complete, and a second run sees that", async () => {
    const { session, outcomes } = await scene();
    const content = bundle(observation("01", 6), observation("02", 7, "vital-signs"));
    federation.chains.lies.set("submitBatch", () => {
      throw new AnamnesisError("UNAVAILABLE", "The power went out");
    });
    try {
      await assert.rejects(outcomes(content), { code: "UNAVAILABLE" });
    } finally {
      federation.chains.lies.clear();
    }
    assert.deepEqual(await outcomes(content), ["unchanged", "unchanged"]);
    assert.equal((await patient.listRecords(session)).length, 2);
  });

  test("a device that stopped before the answer came asks the chain, and writes nothing twice", async () => {
    const { session, write, outcomes } = await scene();
    const content = bundle(observation("01", 6));
    const changed = bundle(observation("01", 7));
    for (const each of [content, changed]) {
      await write(each);
      // As it was when the slip was sent: the answer never came.
      const [item] = (await author.device.items.all("written")).toSorted((a, b) => b.time - a.time);
      const [record] = await patient.listRecords(session);
      const { slip } = record!.versions.at(-1)!;
      const { source, title } = item!;
      await author.device.items.put("written", item!.record, {
        ...item!,
        source: null,
        pending: { slip, source: source!, title },
      });
      assert.deepEqual(await outcomes(each), ["unchanged"]);
    }
    assert.equal((await patient.listRecords(session))[0]!.versions.length, 2);
  });
});
