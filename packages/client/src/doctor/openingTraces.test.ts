/** What an opening leaves on the chain: an intent for the records of a grant, and that all of them were read. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { utf8 } from "@anamnesis/crypto/verify";
import type { SlipKind } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital } from "@anamnesis/testing/federation";
import { opened } from "@anamnesis/testing/client/opened";

suite("openMany() and openRecord()", () => {
  let federation: ClientFederation;
  let author: Session;
  let reader: Session;
  let records: readonly string[] = [];

  before(async () => {
    federation = await ClientFederation.make();
    const alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: hospital, doctor: "Dr Li" });
    await doctor.receive(author);
    const write = async (words: string): Promise<string> => {
      const file = { content: utf8(words), fileName: "a.txt", for: "alice" };
      return (await doctor.importFile(author, file))[0]!.id;
    };
    records = [await write("one"), await write("two")];
    await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + 3_600_000 });
    await doctor.receive(reader);
  });

  /** How many slips of a kind were posted since. */
  function counted(kind: SlipKind): () => number {
    const count = () => federation.chains.posted.filter((slip) => slip.kind === kind).length;
    const before = count();
    return () => count() - before;
  }
  const fresh = () => federation.session(reader.device);
  const many = async (session: Session, names: readonly string[]) => {
    const all = [];
    for await (const record of opened(doctor.openMany(session, names))) all.push(record);
    return all;
  };

  test("records of one grant are opened under one intent, which is closed once all are read", async () => {
    const [intents, dones] = [counted("usage.intent"), counted("usage.done")];
    const [one, two] = await many(fresh(), records);
    assert.deepEqual((await collect(one!)).content, utf8("one"));
    assert.deepEqual([intents(), dones()], [1, 0]);
    assert.deepEqual((await collect(two!)).content, utf8("two"));
    assert.equal(dones(), 1);
  });

  test("what the chain says of the closing does not spoil the reading, a defect does", async (t) => {
    t.after(() => federation.chains.refuse.clear());
    t.after(() => federation.chains.lies.clear());
    federation.chains.refuse.set("usage.done", "INTENT_UNKNOWN");
    const [one] = await many(fresh(), records.slice(0, 1));
    assert.deepEqual((await collect(one!)).content, utf8("one"));
    federation.chains.refuse.clear();
    const [again] = await many(fresh(), records.slice(0, 1));
    federation.chains.lies.set("submit", () => {
      throw new TypeError("broken");
    });
    await assert.rejects(collect(again!), TypeError);
  });

  test("openRecord() opens what this doctor wrote without a grant, and else by one", async () => {
    const [record] = records;
    const intents = counted("usage.intent");
    const open = async (who: Session) =>
      (await collect(await doctor.openRecord(federation.session(who.device), record!))).content;
    assert.deepEqual(await open(author), utf8("one"));
    assert.equal(intents(), 0);
    assert.deepEqual(await open(reader), utf8("one"));
    assert.equal(intents(), 1);
  });
});
