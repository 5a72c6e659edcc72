/** A disputed record at its author's: the reason counts if the patient's slip commits to it, and is said to be wanting else. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, disputeReason } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { sealMessage, staffAddress } from "../mail.ts";
import { findDoctor } from "../people.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe("a disputed record at its author's", () => {
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
  });
  let notes = 0;
  const write = async (): Promise<void> => {
    notes += 1;
    const input = { content: text(`note ${notes}`), fileName: "a.txt", for: "alice" };
    record = (await doctor.importFile(author, input))[0]?.id ?? "";
    await patient.dispute(alice, { id: record, reason: "It was the left knee" });
  };
  const box = async () => {
    const { fingerprint } = await author.device.certificate();
    return federation.boxes.get(fingerprint)!.messages;
  };
  const shown = async () =>
    (await doctor.listAuthored(author)).find(({ id }) => id === record)?.versions[0]?.dispute;
  /** What anybody who saw the chain can send: true but for the words. */
  const forge = async (changes: { readonly key?: Uint8Array; readonly chain?: string } = {}) => {
    const slip = federation.chains.posted.findLast(({ kind }) => kind === "record.dispute")!;
    assert.ok(slip.kind === "record.dispute");
    const { key, digest } = slip.fields;
    const body = disputeReason.encode({
      v: 1,
      chain: slip.chain,
      record: fromHex(record),
      digest,
      text: "The doctor was drunk",
      key,
      time: slip.time,
      notAfter: slip.notAfter,
      ...changes,
    });
    const to = staffAddress(await findDoctor(author, "Dr Li"), { by: "nothing" });
    const sealed = await sealMessage(to, { type: "record.dispute", body });
    await federation.mailbox(to.institution).post(to.box, { sealed, proof: null });
  };

  test("says that no reason came, then shows the one that the patient signed", async () => {
    await write();
    const messages = await box();
    const [message] = messages.splice(0);
    assert.deepEqual(await shown(), { reason: "missing" });
    messages.push(message!);
    assert.deepEqual(await doctor.receive(author), [{ what: "disputed", record }]);
    assert.deepEqual(await shown(), { reason: "signed", text: "It was the left knee" });
  });

  test("a forged reason is not shown, and does not take the place of the real one", async () => {
    await write();
    const messages = await box();
    const [message] = messages.splice(0);
    for (const changes of [{}, { key: new Uint8Array(32) }, { chain: "elsewhere" }]) {
      await forge(changes);
      assert.deepEqual(await doctor.receive(author), [
        { what: "discarded", code: "PROOF_INVALID" },
      ]);
      assert.deepEqual(await shown(), { reason: "mismatch" });
    }
    messages.push(message!);
    await doctor.receive(author);
    assert.deepEqual(await shown(), { reason: "signed", text: "It was the left knee" });
    await forge();
    await doctor.receive(author);
    assert.deepEqual(await shown(), { reason: "signed", text: "It was the left knee" });
  });

  test("a node that answers with another slip, or one whose signature is wrong, is not believed", async () => {
    await write();
    const other = federation.chains.posted.find(({ kind }) => kind === "record.dispute")!;
    const lies = [other.bytes, flipLast(federation.chains.posted.at(-1)!.bytes)];
    const [message] = await box();
    for (const slip of lies) {
      federation.chains.lies.set("slip", (view) => ({ ...(view as object), slip }));
      await doctor.receive(author);
      assert.deepEqual(await shown(), { reason: "mismatch" });
    }
    federation.chains.lies.clear();
    (await box()).push(message!);
    await doctor.receive(author);
    assert.deepEqual(await shown(), { reason: "signed", text: "It was the left knee" });
  });

  test("a node that is away leaves the reason in the box", async () => {
    await write();
    federation.chains.lies.set("slip", () => {
      throw new AnamnesisError("UNAVAILABLE", "The node is away");
    });
    assert.deepEqual(
      (await doctor.receive(author)).map(({ what }) => what),
      ["waiting"],
    );
    federation.chains.lies.clear();
    assert.deepEqual(await doctor.receive(author), [{ what: "disputed", record }]);
  });
});

/** The slip with a changed signature, which is its end. */
function flipLast(slip: Uint8Array): Uint8Array {
  const changed = slip.slice();
  changed[changed.length - 40]! ^= 1;
  return changed;
}
