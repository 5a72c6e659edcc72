/** For whom a grant or request is, who may end a grant, and what opens for a purpose other than treatment. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { Network, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { revokerSigningKey } from "@anamnesis/crypto/patientKeys";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { accessRequest, consortiumOf, decodeSlip, makeReply } from "@anamnesis/protocol";
import type { Reader } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital, otherHospital } from "@anamnesis/testing/federation";
import { bytesOf } from "@anamnesis/testing/keys";
import { collect } from "./collect.ts";
import { grantOnChain } from "./grantOnChain.ts";
import { grantKey } from "./patient/grants.ts";
import { postSlip, signedSlip } from "./submit.ts";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe("reader and purpose", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let chen: Session;
  let record = "";

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    chen = await federation.join("doctor", "Dr Chen", otherHospital);
    await patient.openVisit(alice, { institution: hospital, doctor: "Dr Li" });
    await doctor.receive(author);
    const input = { content: text("a note"), fileName: "a.txt", for: "alice" };
    record = (await doctor.importFile(author, input))[0]?.id ?? "";
    await patient.confirm(alice, { all: true });
  });

  test("for research a version opens with its confirmation, and one that the patient did not confirm does not", async () => {
    await patient.grant(alice, { to: "Dr Chen", purpose: "HRESCH" });
    await doctor.receive(chen);
    const read = async (name: string): Promise<string> =>
      new TextDecoder().decode(
        (await collect(await doctor.openGranted(chen, name, { purpose: "HRESCH" }))).content,
      );
    assert.equal(await read(record), "a note");
    const content = text("a better note");
    await doctor.amendRecord(author, { record, content, fileName: "a.txt" });
    const intents = () =>
      federation.chains.posted.filter(({ kind }) => kind === "usage.intent").length;
    const count = intents();
    await assert.rejects(read(record), { code: "NOT_CONFIRMED" });
    assert.equal(intents(), count, "nothing was announced");
    assert.equal(await read(`${record}@1`), "a note");
    await patient.confirm(alice, { all: true });
    assert.equal(await read(record), "a better note");
  });

  test("the revoker's key, which follows from the seed too, ends a grant", async () => {
    const { id: gid } = await patient.grant(alice, { to: "Dr Chen" });
    const { salt } = (await alice.device.items.get("grantGiven", gid))!;
    const revoker = revokerSigningKey({ seed: alice.device.seed, grantSalt: salt });
    const { chain } = consortiumOf(federation.trust);
    const revoke = (secretKey: Uint8Array) =>
      signedSlip(alice, {
        chain,
        kind: "grant.revoke",
        fields: { gid: fromHex(gid), key: revoker.publicKey },
        secretKey,
      });
    await postSlip(alice, revoke(revoker.secretKey));
    const listed = (await patient.listGrants(alice)).find(({ id }) => id === gid);
    assert.equal(listed?.status, "revoked");
  });

  test("a grant that its key published for another reader opens nothing", async () => {
    const cheating = over(alice, async (bytes) => {
      const slip = decodeSlip(bytes);
      if (slip.kind !== "grant.publish") return bytes;
      const items = await alice.device.items.all("grantGiven");
      const { secretKey } = grantKey(
        alice,
        items.find(({ state }) => state === "dealt")!,
      );
      const fields = { ...slip.fields, reader: bytesOf("another reader") };
      return signedSlip(alice, { chain: slip.chain, kind: slip.kind, fields, secretKey }).bytes;
    });
    const { id: gid } = await patient.grant(cheating, { to: "Dr Chen", purpose: "PATRQT" });
    assert.equal((await grantOnChain(alice, gid))?.revokedAt, 0);
    await doctor.receive(chen);
    await assert.rejects(doctor.openGranted(chen, record, { purpose: "PATRQT" }), {
      code: "GRANT_SIGNATURE",
    });
  });

  test("a grant whose proxies or threshold are not the federation's is not taken", async () => {
    const [consortium, ...care] = federation.trust.chains;
    const section = consortiumOf(federation.trust).consortium;
    const held = async () => {
      await doctor.receive(chen);
      return (await chen.device.items.all("grantReceived")).length;
    };
    const count = await held();
    for (const lie of [{ k: 2 }, { proxies: section.proxies.slice(0, 3) }]) {
      const lying = { ...consortium!, consortium: { ...section, ...lie } };
      await patient.grant(
        { ...alice, trust: { v: 1, chains: [lying, ...care] } },
        { to: "Dr Chen" },
      );
      assert.equal(await held(), count);
    }
    await patient.grant(alice, { to: "Dr Chen" });
    assert.equal(await held(), count + 1);
  });

  test("a request for an institution is not answered by a grant to a person", async () => {
    const { der, fingerprint } = await chen.device.certificate();
    const ask = async (request: string, reader: Reader): Promise<void> => {
      const body = accessRequest.encode({
        v: 1,
        certificate: der,
        reader,
        categories: null,
        records: null,
        sensitive: false,
        actions: ["read"],
        purpose: "TREAT",
        until: federation.clock() + 1e7,
        r: bytesOf("r"),
        reply: makeReply(randomBytes(32), { nonce: randomBytes(16), notAfter: 0 }),
        text: "",
      });
      await alice.device.items.put("request", request, {
        request,
        body,
        party: fingerprint,
        partyName: "Dr Chen",
        institution: otherHospital,
        time: federation.clock(),
        state: "open",
        gid: null,
        closedAt: null,
      });
    };
    await ask("a".repeat(64), { kind: "institution", id: otherHospital, role: "doctor" });
    await ask("b".repeat(64), { kind: "certificate", fingerprint: fromHex(fingerprint) });
    await assert.rejects(patient.grant(alice, { request: "a".repeat(64) }), {
      code: "BAD_REQUEST",
    });
    await patient.grant(alice, { request: "b".repeat(64) });
    const states = new Map(
      (await patient.listRequests(alice)).map(({ id, state }) => [id[0], state]),
    );
    assert.deepEqual([states.get("a"), states.get("b")], ["open", "granted"]);
  });
});

/** A person whose slips are changed before they are posted. */
function over(session: Session, change: (slip: Uint8Array) => Promise<Uint8Array>): Session {
  const { network: plain } = session;
  const network: Network = {
    mailbox: (institution) => plain.mailbox(institution),
    vault: (id) => plain.vault(id),
    proxy: (index) => plain.proxy(index),
    registry: () => plain.registry(),
    node: (institution) => {
      const node = plain.node(institution);
      return {
        ...node,
        submit: async (...[chain, slip, caller]: Parameters<typeof node.submit>) =>
          node.submit(chain, await change(slip), caller),
      };
    },
  };
  return { ...session, network };
}
