/** The access log under strangers, colluding proxies, lying nodes and refusals: what it says and what it cannot know. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { LogEntry, Network, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, intentCommitment, makeSlip } from "@anamnesis/protocol";
import type { Evidence, Intended } from "@anamnesis/protocol";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { heldGrants } from "../doctor/grants.ts";
import { postSlip, signedSlip } from "../submit.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const salt = bytesOf("salt");
const intended: Intended = {
  salt,
  action: "copy",
  purpose: "HRESCH",
  digests: [bytesOf("digest")],
};

describe("accessLog()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let chen: Session;
  let mallory: Session;
  let record = "";
  let gid = "";
  let intent = "";

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    const author = await federation.join("doctor", "Dr Li");
    chen = await federation.join("doctor", "Dr Chen", "city-hospital");
    mallory = await federation.join("doctor", "Dr Mallory", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const input = { content: text("a note"), fileName: "a.txt", for: "alice" };
    record = (await doctor.importFile(author, input))[0]?.id ?? "";
    gid = (await patient.grant(alice, { to: "Dr Chen" })).id;
    await doctor.receive(chen);
    intent = await announce(chen);
  });

  /** An intent under alice's grant, to read one digest for research, by whoever can sign. */
  const announce = async (who: Session, action = "copy"): Promise<string> => {
    const { chain } = consortiumOf(federation.trust);
    const [{ fingerprint }, { signing }] = await Promise.all([
      who.device.certificate(),
      who.device.keys(),
    ]);
    const [held] = await heldGrants(chen);
    const fields = {
      gid: fromHex(gid),
      cert: fromHex(fingerprint),
      reader: held!.grant.reader,
      salt: held!.grant.salt,
      action,
      proxies: [1, 2, 3],
      commitment: intentCommitment(intended),
    };
    const slip = { chain, kind: "usage.intent" as const, fields, secretKey: signing.secretKey };
    return postSlip(who, signedSlip(who, slip));
  };
  const uses = async (session = alice): Promise<readonly LogEntry[]> =>
    (await patient.accessLog(session)).filter(({ what }) => ["opened", "denied"].includes(what));
  /** The patient's session, where one proxy tells what it served. */
  const told = (change: Partial<Intended>, of = intent): Session => {
    const served = {
      intent: fromHex(of),
      reader: salt,
      ...intended,
      ...change,
      action: "copy" as const,
      digests: [...(change.digests ?? intended.digests)],
      time: federation.clock(),
    };
    const network: Network = Object.assign(Object.create(federation), {
      proxy: (index: number) => ({
        ...federation.proxy(index),
        evidence: async (): Promise<Evidence> => ({
          v: 1,
          intents: index === 1 ? [served] : [],
          receipt: null,
        }),
      }),
    });
    return { ...alice, network };
  };

  test("an intent of whom the grant does not name is refused by the chain, and no proxy has what it needs", async () => {
    const before = await uses();
    await assert.rejects(announce(mallory), { code: "NOT_THE_READER" });
    assert.deepEqual(await uses(), before);
  });

  test("what a proxy tells of an opening counts where it opens the commitment on the chain", async () => {
    const [unknown] = await uses();
    assert.ok(unknown?.what === "opened" && unknown.witnesses === 0);
    assert.deepEqual([unknown.action, unknown.purposes], ["copy", ["TREAT"]]);
    for (const lie of [{ purpose: "HPAYMT" }, { digests: [bytesOf("another")] }] as const) {
      const [doubtful] = await uses(told(lie));
      assert.ok(doubtful?.what === "opened" && doubtful.witnesses === 0);
      assert.deepEqual([doubtful.purposes, doubtful.records], [["TREAT"], []]);
    }
    const [entry] = await uses(told({}));
    assert.ok(entry?.what === "opened");
    assert.deepEqual([entry.who.name, entry.witnesses], ["Dr Chen", 1]);
    assert.deepEqual([entry.action, entry.purposes], ["copy", ["HRESCH"]]);
  });

  test("what a proxy told once stays told, whatever it tells later", async () => {
    for (const session of [alice, told({ purpose: "HPAYMT" }), told({})]) {
      const [entry] = await uses(session);
      assert.ok(entry?.what === "opened");
      assert.deepEqual([entry.witnesses, entry.purposes], [1, ["HRESCH"]]);
    }
  });

  test("an intent that shows another action than it commits to has no witness", async () => {
    const lying = await announce(chen, "search");
    const entry = (await uses(told({}, lying))).find(
      (each) => each.what === "opened" && each.intent === lying,
    );
    assert.ok(entry?.what === "opened" && entry.witnesses === 0);
    assert.equal(entry.action, "search");
  });

  test("a node cannot pass an opening off as somebody else's", async () => {
    const { fingerprint } = await mallory.device.certificate();
    federation.chains.lies.set("grantUsage", (answer: unknown) => {
      const view = answer as { usage: readonly object[] };
      return { ...view, usage: view.usage.map((each) => ({ ...each, reader: fingerprint })) };
    });
    const [entry] = await uses();
    federation.chains.lies.clear();
    assert.equal(entry?.who.name, "Dr Chen");
  });

  test("what cannot be proven now is shown as an opening, whether members are away or busy", async (t) => {
    t.after(() => federation.chains.away.clear());
    t.after(() => federation.chains.lies.clear());
    const proven = (await uses()).length;
    assert.ok(proven > 0);
    const members = consortiumOf(federation.trust).members.map(({ id }) => id as string);
    for (const id of members.filter((each) => each !== alice.device.institution))
      federation.chains.away.add(id);
    assert.equal((await uses()).length, proven);
    federation.chains.away.clear();
    federation.chains.lies.set("slipProof", () => {
      throw new AnamnesisError("BUSY", "too much at once");
    });
    assert.equal((await uses()).length, proven);
  });

  test("a refusal by the chain leaves no entry; one that a proxy posted does, of a dead grant too", async () => {
    await patient.revoke(alice, gid);
    const before = await uses();
    await assert.rejects(doctor.openGranted(chen, record), { code: "GRANT_REVOKED" });
    assert.deepEqual(await uses(), before);
    const { chain, writer } = consortiumOf(federation.trust);
    const time = federation.clock();
    const fields = {
      proxy: 2,
      gid: fromHex(gid),
      cert: fromHex((await chen.device.certificate()).fingerprint),
      code: "GRANT_NOT_LIVE" as const,
      evidence: salt,
    };
    const denied = makeSlip(
      "usage.denied",
      { chain, time, notAfter: time + 60_000 },
      fields,
      (type, message) => sign({ type, message, secretKey: keyOf("proxy 2").secretKey }),
    );
    federation.chains.commit(chain, denied, writer);
    const [entry] = await uses();
    assert.ok(entry?.what === "denied");
    assert.deepEqual(
      [entry.who.name, entry.code, entry.proxy, entry.gid],
      ["Dr Chen", "GRANT_NOT_LIVE", 2, gid],
    );
  });
});
