/** The access log under strangers, colluding proxies, lying nodes and refusals: what it says and what it cannot know. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { LogEntry, Network, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex } from "@anamnesis/crypto/verify";
import { consortiumOf, intentCommitment, makeSlip } from "@anamnesis/protocol";
import type { Evidence } from "@anamnesis/protocol";
import { keyOf } from "@anamnesis/testing/keys";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { postSlip, signedSlip } from "../submit.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const salt = new Uint8Array(32);

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
    intent = await announce(mallory);
  });

  /** An intent for alice's grant, by whoever can sign. */
  const announce = async (who: Session): Promise<string> => {
    const { chain } = consortiumOf(federation.trust);
    const [{ fingerprint }, { signing }] = await Promise.all([
      who.device.certificate(),
      who.device.keys(),
    ]);
    const fields = {
      gid: fromHex(gid),
      cert: fromHex(fingerprint),
      proxies: [1, 2, 3],
      commitment: intentCommitment(salt, [salt]),
    };
    const slip = { chain, kind: "usage.intent" as const, fields, secretKey: signing.secretKey };
    return postSlip(who.network.node("city-hospital"), chain, signedSlip(who, slip));
  };
  const uses = async (session = alice): Promise<readonly LogEntry[]> =>
    (await patient.accessLog(session)).filter(({ what }) =>
      ["opened", "attempted", "denied"].includes(what),
    );
  /** The patient's session, where one proxy tells of having served the stranger. */
  const told = (digests: readonly Uint8Array[]): Session => {
    const served = {
      intent: fromHex(intent),
      reader: salt,
      salt,
      digests: [...digests],
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

  test("an intent of whom the grant does not name is an attempt, not an opening", async () => {
    const [entry, ...more] = await uses();
    assert.equal(more.length, 0);
    assert.ok(entry?.what === "attempted");
    assert.deepEqual([entry.gid, entry.intent, entry.who.name], [gid, intent, "Dr Mallory"]);
  });

  test("it is an opening where a proxy served the stranger nevertheless", async () => {
    const [entry] = await uses(told([salt]));
    assert.ok(entry?.what === "opened");
    assert.deepEqual([entry.who.name, entry.witnesses], ["Dr Mallory", 1]);
    // Evidence that opens no commitment is no witness, but who serves a stranger is not to be trusted with the records.
    const [doubtful] = await uses(told([new Uint8Array(32).fill(1)]));
    assert.ok(doubtful?.what === "opened" && doubtful.witnesses === 0);
  });

  test("a node cannot pass an opening off as a stranger's attempt, nor an attempt as an opening", async () => {
    const own = await announce(chen);
    const { fingerprint } = await mallory.device.certificate();
    const { fingerprint: chens } = await chen.device.certificate();
    const name = (reader: string) => (answer: unknown) => {
      const view = answer as { usage: readonly object[] };
      return { ...view, usage: view.usage.map((each) => ({ ...each, reader })) };
    };
    for (const reader of [fingerprint, chens]) {
      federation.chains.lies.set("grantUsage", name(reader));
      const whats = new Map(
        (await uses()).map((entry) => ["intent" in entry && entry.intent, entry.what]),
      );
      assert.deepEqual([whats.get(own), whats.get(intent)], ["opened", "attempted"]);
    }
    federation.chains.lies.clear();
  });

  test("what cannot be proven now is shown as an opening", async () => {
    const members = consortiumOf(federation.trust).members.map(({ id }) => id as string);
    for (const id of members.filter((each) => each !== alice.device.institution))
      federation.chains.away.add(id);
    try {
      assert.ok((await uses()).every(({ what }) => what === "opened"));
    } finally {
      federation.chains.away.clear();
    }
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
