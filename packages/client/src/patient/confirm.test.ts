/** What a patient's device signs as read, and what it says became of it. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { TestContext } from "node:test";
import type { Device, NodeApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { fromHex, utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, decodeSlip, limits } from "@anamnesis/protocol";
import type { RecordView } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital } from "@anamnesis/testing/federation";
import { postSlip, signedSlip } from "../submit.ts";
import { visitKey, visitOf } from "./visitKeys.ts";

suite("confirm() and dispute()", () => {
  let federation: ClientFederation;
  let author: Session;
  let people = 0;

  before(async () => {
    federation = await ClientFederation.make();
    author = await federation.join("doctor", "Dr Li");
  });

  /** A patient with a visit, for whom Dr Li writes. */
  async function visiting(t: TestContext) {
    people += 1;
    const name = `patient ${people}`;
    const session = await federation.join("patient", name);
    await patient.openVisit(session, { institution: hospital, doctor: "Dr Li" });
    await doctor.receive(author);
    t.after(() => {
      for (const changed of [federation.chains.lies, federation.chains.refuse]) changed.clear();
      federation.chains.away.clear();
    });
    let letters = 0;
    const write = async (change: object = {}): Promise<string> => {
      letters += 1;
      const content = utf8(`letter ${letters}`);
      const file = { content, fileName: "a.txt", for: name, ...change };
      return (await doctor.importFile(author, file))[0]!.id;
    };
    const confirmations = () =>
      federation.chains.posted.flatMap((slip) => (slip.kind === "record.confirm" ? [slip] : []));
    const stateOf = async (id: string) =>
      (await patient.listRecords(session)).find((record) => record.id === id)?.state;
    return { session, write, confirmations, stateOf };
  }

  /** Members of whom the first `count` say that they take confirmations, and do nothing; the others are busy. */
  function swallowing(count: number, change: (own: NodeApi) => Partial<NodeApi> = () => ({})) {
    const asked: string[] = [];
    const node = (institution: string) => {
      const own = federation.node(institution);
      const submitBatch = async (_: string, slips: readonly Uint8Array[]) => {
        asked.push(institution);
        if (asked.length > count) throw new AnamnesisError("BUSY", "Busy");
        return slips.map((slip) => ({ id: decodeSlip(slip).id, code: "OK", height: 1 }));
      };
      return new Proxy(own, {
        get: (target, name: keyof NodeApi) =>
          ({ ...change(own), submitBatch })[name] ?? target[name],
      });
    };
    const network = Object.assign(Object.create(federation) as ClientFederation, { node });
    return { asked, network };
  }

  /** Spoils the newest stored object. */
  function spoil(): void {
    const [id, bytes] = [...federation.vaults.stored()].at(-1)!;
    federation.vaults.change(id, bytes.with(-1, bytes.at(-1)! ^ 1));
  }

  test("confirm() signs the newest version of each that is unconfirmed, and no other", async (t) => {
    const { session, write, confirmations, stateOf } = await visiting(t);
    const [disputed, first, second] = [await write(), await write(), await write()];
    await patient.dispute(session, { id: disputed, reason: "It was the left knee" });
    const all = await patient.confirm(session, { all: true });
    assert.deepEqual(all.confirmed.toSorted(), [first, second].toSorted());
    assert.deepEqual([all.sent, all.failed], [[], []]);
    const count = confirmations().length;
    assert.deepEqual((await patient.confirm(session, { all: true })).confirmed, []);
    assert.deepEqual((await patient.confirm(session, { ids: [first] })).confirmed, []);
    assert.equal(confirmations().length, count, "nothing is signed twice");
    assert.deepEqual((await patient.confirm(session, { ids: [disputed] })).confirmed, [disputed]);
    await doctor.amendRecord(author, { record: first, content: utf8("better"), fileName: "a.txt" });
    assert.equal(await stateOf(first), "unconfirmed");
    await patient.confirm(session, { ids: [first] });
    const listed = await patient.listRecords(session);
    const { digest } = listed.find(({ id }) => id === first)!.versions.at(-1)!;
    assert.deepEqual(confirmations().at(-1)!.fields.digest, fromHex(digest));
    const item = await session.device.items.get("record", first);
    assert.equal(item?.confirmations[digest], confirmations().at(-1)!.id, "remembered by its slip");
  });

  test("confirm() signs nothing that this device could not read to its end, and goes on with the rest", async (t) => {
    const { session, write, confirmations } = await visiting(t);
    const good = await write();
    const bad = await write();
    spoil();
    const { confirmed, failed } = await patient.confirm(session, { all: true });
    assert.deepEqual(confirmed, [good]);
    assert.deepEqual(
      failed.map(({ id, code }) => [id, code]),
      [[bad, "E_DECRYPT"]],
    );
    assert.ok(
      confirmations().every(
        ({ fields }) => !fields.record.every((byte, i) => byte === fromHex(bad)[i]),
      ),
    );
  });

  test("confirm() signs nothing that is sealed for somebody else", async (t) => {
    const { session, write } = await visiting(t);
    const id = await write();
    const device = new Proxy(session.device, {
      get: (target, name: keyof Device) => {
        const value: unknown = name === "seed" ? new Uint8Array(32) : target[name];
        return typeof value === "function" ? (value.bind(target) as unknown) : value;
      },
    });
    const { failed } = await patient.confirm({ ...session, device }, { ids: [id] });
    assert.deepEqual(
      failed.map(({ code }) => code),
      ["E_DECRYPT"],
    );
  });

  test("confirm() takes the label of a sensitive record, and of content in many pieces", async (t) => {
    const { session, write } = await visiting(t);
    const ids = [
      await write({ sensitive: true }),
      await write({ content: new Uint8Array(300_000).fill(65) }),
    ];
    assert.deepEqual(
      (await patient.confirm(session, { ids })).confirmed.toSorted(),
      ids.toSorted(),
    );
  });

  test("confirm() tells what the chain refuses, and that nobody took it, without saying that it is sent", async (t) => {
    const { session, write } = await visiting(t);
    const [id, another] = [await write(), await write()];
    federation.chains.refuse.set("record.confirm", "SESSION_UNKNOWN");
    const refused = await patient.confirm(session, { ids: [id] });
    assert.deepEqual(
      refused.failed.map(({ code }) => code),
      ["SESSION_UNKNOWN"],
    );
    assert.deepEqual([refused.confirmed, refused.sent], [[], []]);
    federation.chains.refuse.clear();
    federation.chains.lies.set("submitBatch", () => {
      throw new AnamnesisError("STORAGE_FULL", "Full");
    });
    const lost = await patient.confirm(session, { ids: [id] });
    assert.deepEqual(
      lost.failed.map((each) => each.id),
      [id],
    );
    assert.deepEqual([lost.confirmed, lost.sent], [[], []]);
    federation.chains.lies.set("submitBatch", () => {
      throw new TypeError("broken");
    });
    await assert.rejects(patient.confirm(session, { ids: [another] }), TypeError);
  });

  test("confirm() says 'sent' of what one member took, though the next ones are away", async (t) => {
    const { session, write } = await visiting(t);
    const id = await write();
    const { network } = swallowing(1);
    const { confirmed, sent, failed } = await patient.confirm(
      { ...session, network },
      { ids: [id] },
    );
    assert.deepEqual([confirmed, sent, failed], [[], [id], []]);
  });

  test("confirm() takes what another device of this patient confirmed meanwhile, of this record and version", async (t) => {
    const { session, write, confirmations } = await visiting(t);
    const [older, id] = [await write(), await write()];
    await patient.confirm(session, { ids: [older, id] });
    await doctor.amendRecord(author, { record: id, content: utf8("better"), fileName: "a.txt" });
    const record = (await patient.listRecords(session)).find((each) => each.id === id)!;
    const visit = await visitOf(session, record.pid);
    const { publicKey, secretKey } = visitKey(session, visit);
    const { digest } = record.versions.at(-1)!;
    const fields = { key: publicKey, record: fromHex(id), digest: fromHex(digest) };
    const { chain } = visit;
    const early = { clock: () => federation.clock() - 1000 };
    const slip = signedSlip(early, { chain, kind: "record.confirm", fields, secretKey });
    await postSlip(session, slip);
    let isListed = false;
    federation.chains.lies.set("records", (answer) => {
      const views = (answer as RecordView[]).map((view) =>
        isListed ? view : { ...view, confirmed: [] },
      );
      isListed = true;
      return views;
    });
    const count = confirmations().length;
    const { confirmed } = await patient.confirm(session, { ids: [id] });
    assert.deepEqual([confirmed, confirmations().length], [[id], count]);
    const item = await session.device.items.get("record", id);
    assert.equal(item!.confirmations[digest], slip.id);
  });

  test("confirm() does not take the confirmation of another record for this one's", async (t) => {
    const { session, write, confirmations } = await visiting(t);
    const [other, id] = [await write(), await write()];
    await patient.confirm(session, { ids: [other] });
    const { id: slip } = confirmations().at(-1)!;
    federation.chains.lies.set("records", (answer) =>
      (answer as RecordView[]).map((view) => ({
        ...view,
        confirmed: view.versions.map(({ digest }) => ({ digest, slip })),
      })),
    );
    const { asked, network } = swallowing(Number.POSITIVE_INFINITY);
    const confirm = () => patient.confirm({ ...session, network }, { ids: [id] });
    const nothingBetter = await confirm();
    assert.deepEqual([nothingBetter.sent, nothingBetter.failed], [[id], []]);
    federation.chains.lies.clear();
    asked.length = 0;
    assert.deepEqual((await confirm()).sent, [id]);
    assert.equal(new Set(asked).size, asked.length, "each carrier once");
  });

  test("confirm() tells of which record members prove different states, and a defect as itself", async (t) => {
    const { session, write } = await visiting(t);
    const id = await write();
    const failing = (error: unknown) => {
      const { network } = swallowing(1, (own) => ({
        slipProof: (chain, of) => (of === id ? own.slipProof(chain, of) : Promise.reject(error)),
      }));
      return patient.confirm({ ...session, network }, { ids: [id] });
    };
    const message = "x signed another state";
    const told = await failing(new AnamnesisError("PROOF_INVALID", message));
    assert.deepEqual(told, {
      confirmed: [],
      sent: [],
      failed: [{ id, code: "PROOF_INVALID", message }],
    });
    const broken = Object.assign(new TypeError("broken"), { code: "NOT_FOUND" });
    await assert.rejects(failing(broken), broken);
  });

  test("confirm() tells a defect of the second carrier as itself, not as 'sent'", async (t) => {
    const { session, write } = await visiting(t);
    const id = await write();
    const { network } = swallowing(1);
    let batches = 0;
    const node = (institution: string) =>
      new Proxy(network.node(institution), {
        get: (target, name: keyof NodeApi) => {
          if (name !== "submitBatch") return target[name];
          batches += 1;
          return batches === 1 ? target[name] : () => Promise.reject(new TypeError("broken"));
        },
      });
    const broken = Object.assign(Object.create(network) as ClientFederation, { node });
    await assert.rejects(patient.confirm({ ...session, network: broken }, { ids: [id] }), {
      name: "TypeError",
    });
  });

  test("confirm() passes over a member that lists another's confirmation where the next lists the right one", async (t) => {
    const { session, write, confirmations, stateOf } = await visiting(t);
    const [other, id] = [await write(), await write()];
    await patient.confirm(session, { ids: [other] });
    const { id: wrong } = confirmations().at(-1)!;
    await patient.confirm(session, { ids: [id] });
    const { id: right } = confirmations().at(-1)!;
    const { items } = session.device;
    await items.put("record", id, { ...(await items.get("record", id))!, confirmations: {} });
    let asked = 0;
    federation.chains.lies.set("records", (answer) => {
      asked += 1;
      return (answer as RecordView[]).map((view) => {
        if (view.record !== id) return view;
        // First it is unconfirmed to this device; then one member lies.
        if (asked === 1) return { ...view, confirmed: [] };
        const slip = asked === 2 ? wrong : right;
        return { ...view, confirmed: view.confirmed.map((each) => ({ ...each, slip })) };
      });
    });
    // The same bytes would be taken for this device's own: a second later they are another slip.
    const later = { ...session, clock: () => federation.clock() + 1_000 };
    const told = await patient.confirm(later, { ids: [id] });
    assert.deepEqual([told.confirmed, told.sent, told.failed], [[id], [], []]);
    assert.equal(asked, 3);
    assert.equal(await stateOf(id), "confirmed");
  });

  test("dispute() puts the commitment on the chain and the reason into the author's box, and remembers both", async (t) => {
    const { session, write, stateOf } = await visiting(t);
    const id = await write();
    await doctor.receive(author);
    const disputed = await patient.dispute(session, { id, reason: "It was the left knee" });
    const slip = federation.chains.posted.at(-1)!;
    assert.ok(slip.kind === "record.dispute");
    assert.deepEqual([slip.id, slip.fields.record], [disputed, fromHex(id)]);
    assert.equal(slip.notAfter - slip.time, limits.clientNotAfterMs);
    assert.deepEqual(await doctor.receive(author), [{ what: "disputed", record: id }]);
    assert.equal(await stateOf(id), "disputed");
    const item = await session.device.items.get("record", id);
    const [kept] = Object.values(item!.disputes);
    assert.deepEqual(kept, { slip: disputed, reason: "It was the left knee" });
  });
});
