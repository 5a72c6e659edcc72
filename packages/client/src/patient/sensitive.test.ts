/** Sensitive records have tags of their own, and no grant covers them unasked. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { RecordSummary, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { utf8 } from "@anamnesis/crypto/verify";
import { grantDocument, visitToken, signedVisitToken } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";

describe("what is sensitive", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "dr-author");
    reader = await federation.join("doctor", "dr-reader", "city-hospital");
    await patient.stateAboutSelf(alice, { name: "Alice", birthDate: "1984-02", sex: "female" });
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "dr-author" });
    await doctor.receive(author);
    const write = (text: string, sensitive: boolean) =>
      doctor.importFile(author, {
        content: utf8(text),
        fileName: `${text}.txt`,
        for: "Alice",
        category: "laboratory",
        ...(sensitive ? { sensitive } : {}),
      });
    await write("blood count", false);
    await write("hiv test", true);
    await patient.receive(alice);
  });

  const own = () => patient.listRecords(alice);
  const named = async (sensitive: boolean): Promise<RecordSummary> =>
    (await own()).find((record) => record.sensitive === sensitive)!;
  const tagsOf = async (gid: string): Promise<number> =>
    grantDocument.decode((await alice.device.items.get("grantGiven", gid))!.grant).tags.length;

  test("lies under a tag of its own, in the same category", async () => {
    const [plain, sensitive] = [await named(false), await named(true)];
    assert.equal(plain.category, sensitive.category);
    assert.notEqual(plain.tag, sensitive.tag);
  });

  test("is covered by a grant only when asked, or by name", async () => {
    const { fingerprint } = await reader.device.certificate();
    const give = async (more: Parameters<typeof patient.grant>[1]) =>
      tagsOf((await patient.grant(alice, { to: fingerprint, ...more })).id);
    assert.equal(await give({}), 1);
    assert.equal(await give({ categories: ["laboratory"] }), 1);
    assert.equal(await give({ sensitive: true }), 2);
    assert.equal(await give({ records: [(await named(true)).id] }), 1);
  });

  test("a grant that was made unasked opens nothing that is sensitive", async () => {
    const fresh = await federation.join("doctor", "dr-fresh", "city-hospital");
    await patient.grant(alice, { to: (await fresh.device.certificate()).fingerprint });
    await doctor.receive(fresh);
    const readable = (await doctor.listReadable(fresh)).map(({ id }) => id);
    assert.deepEqual(readable, [(await named(false)).id]);
  });

  test("a request that asks for it is not answered by a grant without it", async () => {
    const ask = (sensitive: boolean) =>
      doctor.requestAccess(reader, {
        for: "alice",
        purpose: "TREAT",
        until: federation.clock() + 1e6,
        sensitive,
      });
    const [asks, modest] = [await ask(true), await ask(false)];
    await patient.receive(alice);
    await patient.grant(alice, { request: modest.id });
    const stateOf = async (id: string) =>
      (await patient.listRequests(alice)).find((request) => request.id === id)?.state;
    assert.deepEqual([await stateOf(asks.id), await stateOf(modest.id)], ["open", "granted"]);
    const { id } = await patient.grant(alice, { request: asks.id });
    assert.equal(await tagsOf(id), 2);
  });

  test("an amendment cannot raise it", async () => {
    const amend = doctor.amendRecord(author, {
      record: (await named(false)).id,
      content: utf8("hiv test"),
      fileName: "b.txt",
      sensitive: true,
    });
    await assert.rejects(amend, { code: "BAD_REQUEST" });
  });

  test("a token states what the patient said, and nothing else", async () => {
    const [item] = await author.device.items.all("token");
    const { stated, entries } = visitToken.decode(signedVisitToken.decode(item!.token).token);
    assert.deepEqual(stated, { name: "Alice", birthDate: "1984-02", sex: "female" });
    assert.equal(entries.length, 32);
  });
});
