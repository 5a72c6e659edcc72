/** M-19: whoever writes into a box shows the node by what they are expected there. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";

describe("messages of a visit, a request and a grant", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;
  let record = "";

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  });

  /** Whether the writer of each message that came by this was expected. */
  async function whileDoing(act: () => Promise<unknown>): Promise<boolean[]> {
    const lying = (): { id: string; expected: boolean }[] =>
      [...federation.boxes.values()].flatMap(({ messages }) => messages);
    const before = new Set(lying().map(({ id }) => id));
    await act();
    return lying().flatMap(({ id, expected }) => (before.has(id) ? [] : [expected]));
  }

  test("a visit token goes to the doctor under the visit's key", async () => {
    const input = { institution: "general-hospital", doctor: "Dr Li" };
    assert.deepEqual(await whileDoing(() => patient.openVisit(alice, input)), [true]);
    await doctor.receive(author);
  });

  test("a record's notice goes to the patient by the card", async () => {
    const content = new TextEncoder().encode("a note");
    const input = { content, fileName: "a.txt", for: "alice", category: "encounter-note" };
    const came = await whileDoing(async () => {
      record = (await doctor.importFile(author, input))[0]?.id ?? "";
    });
    assert.deepEqual(came, [true]);
    await patient.confirm(alice, { all: true });
  });

  test("a look-up's notice and a request go to the patient by the card", async () => {
    const until = federation.clock() + 3_600_000;
    const asks = { for: "alice", purpose: "TREAT", until } as const;
    assert.deepEqual(await whileDoing(() => doctor.requestAccess(reader, asks)), [true, true]);
    assert.deepEqual(await whileDoing(() => doctor.requestAccess(reader, asks)), [true]);
    await patient.receive(alice);
  });

  test("a refusal, and a grant that answers a request, go to the doctor as replies; no other grant does", async () => {
    const [later, first] = await patient.listRequests(alice);
    assert.deepEqual(await whileDoing(() => patient.refuse(alice, later!.id)), [true]);
    assert.deepEqual(await whileDoing(() => patient.grant(alice, { request: first!.id })), [true]);
    const unasked = { to: "Dr Chen", until: federation.clock() + 3_600_000 };
    assert.deepEqual(await whileDoing(() => patient.grant(alice, unasked)), [false]);
  });

  test("a dispute goes to the author under the visit's key", async () => {
    const input = { id: record, reason: "this was somebody else's" };
    assert.deepEqual(await whileDoing(() => patient.dispute(alice, input)), [true]);
  });
});
