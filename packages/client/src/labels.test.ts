/** What lists show before anything is opened: the patient's own, a doctor's granted ones; what is fetched and what is kept. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const dayMs = 24 * 3_600_000;
const observation = (id: string, effectiveDateTime: string): Uint8Array =>
  new TextEncoder().encode(
    JSON.stringify({
      resourceType: "Observation",
      id,
      status: "final",
      code: { text: "HbA1c" },
      effectiveDateTime,
    }),
  );

describe("labels", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;
  let gid = "";
  const downloads = () => federation.vaults.all.flatMap((vault) => vault.downloads).length;
  const starts = (records: readonly { readonly label?: { readonly start: string | null } }[]) =>
    records.map(({ label }) => label?.start);

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    for (const [id, time] of [
      ["new", "2026-05-04"],
      ["old", "2019-02-03"],
      ["middle", "2021-08"],
    ] as const)
      await doctor.importFile(author, {
        content: observation(id, time),
        fileName: `${id}.json`,
        for: "alice",
        whole: true,
      });
    gid = (await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + dayMs })).id;
    await doctor.receive(reader);
  });

  test("a patient's device reads them without opening a record, and each once", async () => {
    assert.deepEqual(starts(await patient.listRecords(alice)), [undefined, undefined, undefined]);
    const before = downloads();
    const records = await patient.withLabels(alice, await patient.listRecords(alice));
    assert.deepEqual(starts(records), ["2026-05-04", "2021-08", "2019-02-03"]);
    assert.deepEqual(
      records.map(({ title }) => title),
      ["new.json", "middle.json", "old.json"],
    );
    assert.equal(downloads() - before, 3);
    const again = federation.session(alice.device);
    assert.deepEqual(await patient.withLabels(again, await patient.listRecords(again)), records);
    assert.equal(downloads() - before, 3);
    assert.equal((await patient.labelsKnown(again)).size, 3);
  });

  test("a doctor sees those of what a grant covers, in memory alone, and nobody's log says so", async () => {
    const log = await patient.accessLog(alice);
    const session = federation.session(reader.device);
    const records = await doctor.withLabels(session, await doctor.listReadable(session));
    assert.deepEqual(starts(records), ["2026-05-04", "2021-08", "2019-02-03"]);
    assert.deepEqual(starts(await doctor.listReadable(session)), starts(records));
    assert.deepEqual(await reader.device.items.all("label"), []);
    const another = federation.session(reader.device);
    assert.deepEqual(starts(await doctor.listReadable(another)), [undefined, undefined, undefined]);
    assert.deepEqual(await patient.accessLog(alice), log);
  });

  test("an author has them of what was written, without fetching", async () => {
    const before = downloads();
    assert.deepEqual(starts(await doctor.listAuthored(author)), [
      "2026-05-04",
      "2021-08",
      "2019-02-03",
    ]);
    assert.equal(downloads(), before);
  });

  test("what cannot be fetched is listed without one", async () => {
    const session = federation.session(reader.device);
    const [name] = [...federation.vaults.stored().keys()];
    const kept = federation.vaults.stored().get(name!)!;
    federation.vaults.change(name!, kept.with(30, kept.at(30)! ^ 1));
    const records = await doctor.withLabels(session, await doctor.listReadable(session));
    federation.vaults.change(name!, kept);
    assert.equal(records.length, 3);
    assert.equal(records.filter(({ label }) => label === undefined).length, 1);
  });

  test("when the grant is over, the session forgets them", async () => {
    const session = federation.session(reader.device);
    await doctor.withLabels(session, await doctor.listReadable(session));
    assert.equal((await doctor.labelsKnown(session)).size, 3);
    await patient.revoke(alice, gid);
    assert.deepEqual(await doctor.listReadable(session), []);
    assert.equal((await doctor.labelsKnown(session)).size, 0);
  });
});
