/** Whoever knows a box may write to it: what patients and doctors make of what lies there. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  signedAccessRequest,
  accessRequest,
  makeReply,
  signedTokenRequest,
  signedVisitToken,
  tokenAnswer,
  tokenRequest,
  visitToken,
} from "@anamnesis/protocol";
import type { Reader, VisitToken } from "@anamnesis/protocol";
import type { Network, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital, otherHospital } from "@anamnesis/testing/federation";
import { cardAddress, decodeCard, sealMessage, sendMessage, staffAddress } from "../mail.ts";
import type { Address } from "../mail.ts";
import { certificateOf } from "../people.ts";

describe("boxes", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let box: Address;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const [contact] = await author.device.items.all("contact");
    box = cardAddress(author, decodeCard(contact!.card));
  });

  const events = async (): Promise<patient.AttendEvent[]> => {
    const told: patient.AttendEvent[] = [];
    await patient.receive(federation.session(alice.device), (event) => told.push(event));
    return told;
  };
  const visits = async (): Promise<number> => (await alice.device.items.all("visit")).length;

  async function askTokens(
    from: Session,
    change: {
      institution?: string;
      certificate?: Uint8Array;
      id?: Uint8Array;
      secretKey?: Uint8Array;
    } = {},
  ): Promise<void> {
    const [{ der }, { signing }] = await Promise.all([
      from.device.certificate(),
      from.device.keys(),
    ]);
    const request = tokenRequest.encode({
      v: 1,
      id: change.id ?? randomBytes(16),
      certificate: change.certificate ?? der,
      institution: change.institution ?? from.device.institution,
      visits: [["laboratory"], ["imaging", "vitals"]],
      time: federation.clock(),
    });
    const signature = sign({
      type: "TOKEN-REQUEST",
      message: request,
      secretKey: change.secretKey ?? signing.secretKey,
    });
    await sendMessage(from, box, {
      type: "token.request",
      body: signedTokenRequest.encode({ v: 1, request, signature }),
    });
  }

  test("a request that comes twice gets the same visits twice", async () => {
    const id = randomBytes(16);
    const count = await visits();
    await askTokens(author, { id });
    await askTokens(author, { id });
    assert.deepEqual(
      (await events()).map(({ what }) => what),
      ["answered", "answered"],
    );
    assert.equal(await visits(), count + 2);
    const pids = (await doctor.receive(author)).map((event) =>
      event.what === "token" ? event.pid : "",
    );
    assert.equal(pids.length, 4);
    assert.equal(new Set(pids).size, 2);
  });

  test("who is not certified, not at the institution named, or not the signer gets nothing", async () => {
    const count = await visits();
    const mallory = await federation.join("doctor", "Mallory", "city-hospital");
    const other = await ClientFederation.make("other");
    const foreign = await other.join("doctor", "Foreign");
    const { der } = await author.device.certificate();
    await askTokens(mallory, { institution: "general-hospital" });
    await askTokens(mallory, { certificate: der });
    await askTokens(mallory, { certificate: (await foreign.device.certificate()).der });
    await askTokens(mallory, {
      certificate: (await alice.device.certificate()).der,
      secretKey: (await alice.device.keys()).signing.secretKey,
    });
    assert.deepEqual(
      (await events()).map((event) => (event.what === "declined" ? event.code : event.what)),
      ["FORBIDDEN", "SIGNATURE_INVALID", "CERTIFICATE_INVALID", "NOT_FOUND"],
    );
    assert.equal(await visits(), count);
  });

  test("the owner may switch answers off", async () => {
    await alice.device.items.put("rules", "rules", { answerTokenRequests: false });
    await askTokens(author);
    assert.deepEqual(
      (await events()).map(({ what }) => what),
      ["declined"],
    );
    await alice.device.items.put("rules", "rules", { answerTokenRequests: true });
  });

  test("garbage is thrown away, and what lies behind it is read", async () => {
    const mailbox = federation.mailbox(box.institution);
    await mailbox.post(box.box, { sealed: randomBytes(4096), proof: null });
    await sendMessage(author, box, { type: "record.notice", body: randomBytes(40) });
    await sendMessage(author, box, { type: "grant", body: randomBytes(40) });
    await askTokens(author);
    assert.deepEqual(
      (await events()).map(({ what }) => what),
      ["declined", "declined", "answered"],
    );
    assert.deepEqual(await events(), []);
    await doctor.receive(author);
  });

  test("a request that is not on the chain, or another than the chain holds, is not shown", async () => {
    const [{ der, fingerprint }, { signing }] = await Promise.all([
      author.device.certificate(),
      author.device.keys(),
    ]);
    const asked = async (reader: Reader): Promise<readonly string[]> => {
      const body = accessRequest.encode({
        v: 1,
        certificate: der,
        reader,
        categories: null,
        records: null,
        sensitive: false,
        actions: ["read"],
        purpose: "TREAT",
        until: federation.clock() + 1e6,
        r: randomBytes(32),
        reply: makeReply(randomBytes(32), { nonce: randomBytes(16), notAfter: 0 }),
        text: "",
      });
      const signature = sign({
        type: "ACCESS-REQUEST-BODY",
        message: body,
        secretKey: signing.secretKey,
      });
      const message = {
        type: "access.request",
        body: signedAccessRequest.encode({ v: 1, request: body, signature }),
      } as const;
      const sealed = await sealMessage(box, message);
      await federation.mailbox(box.institution).post(box.box, { sealed, proof: null });
      return (await events()).map((event) => (event.what === "declined" ? event.code : event.what));
    };
    const own: Reader = { kind: "certificate", fingerprint: fromHex(fingerprint) };
    assert.deepEqual(await asked(own), ["PROOF_INVALID"]);
    for (const reader of [
      { ...own, fingerprint: randomBytes(32) },
      { kind: "institution", id: otherHospital, role: "doctor" },
      { kind: "institution", id: hospital, role: "desk" },
    ] as const)
      assert.deepEqual(await asked(reader), ["FORBIDDEN"], "the signer asks for somebody else");
    assert.deepEqual(await patient.listRequests(alice), []);
  });

  test("attend() goes on when a node comes back, and ends when it is told", async () => {
    const stop = new AbortController();
    const told: string[] = [];
    federation.chains.away.add("general-hospital");
    const attending = patient.attend(federation.session(alice.device), {
      signal: stop.signal,
      onEvent: ({ what }) => told.push(what),
    });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(told.includes("waiting"));
    federation.chains.away.clear();
    await askTokens(author);
    while (!told.includes("answered")) await new Promise((resolve) => setTimeout(resolve, 20));
    stop.abort();
    await attending;
    await doctor.receive(author);
  });

  test("attend() with many boxes leaves connections free, and reads every box", async () => {
    for (let i = 0; i < 5; i += 1)
      await patient.openVisit(alice, { institution: "general-hospital", categories: ["vitals"] });
    const many = federation.session(alice.device);
    let longPolls = 0;
    let most = 0;
    const read = new Set<string>();
    const network: Network = {
      node: (id) => federation.node(id),
      vault: (id) => federation.vault(id),
      proxy: (index) => federation.proxy(index),
      registry: () => federation.registry(),
      mailbox: (id) => {
        const mailbox = federation.mailbox(id);
        return {
          ...mailbox,
          read: async (own, options, caller) => {
            read.add(toHex(own));
            const isLong = options.waitMs > 0;
            if (isLong) longPolls += 1;
            most = Math.max(most, longPolls);
            try {
              return await mailbox.read(own, options, caller);
            } finally {
              if (isLong) longPolls -= 1;
            }
          },
        };
      },
    };
    const stop = new AbortController();
    const attending = patient.attend({ ...many, network }, { signal: stop.signal });
    while (read.size < 7) await new Promise((resolve) => setTimeout(resolve, 10));
    stop.abort();
    await attending;
    assert.equal(most, 3);
  });

  test("a doctor keeps no token that is forged, was changed on its way, is for another institution, or signed by nobody certified", async () => {
    const [item] = await author.device.items.all("token");
    const address = staffAddress(
      await certificateOf(author, (await author.device.certificate()).fingerprint),
      { by: "nothing" },
    );
    const signed = signedVisitToken.decode(item!.token);
    const flip = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, i) => (i === 3 ? byte ^ 1 : byte));
    const mallory = await federation.join("patient", "mallory");
    const elsewhere = await patient.openVisit(alice, { institution: "city-hospital" });
    const token = visitToken.decode(signed.token);
    const { contact } = visitToken.decode(signedVisitToken.decode(elsewhere.token).token);
    const changed = (change: Partial<VisitToken>): Uint8Array =>
      signedVisitToken.encode({ ...signed, token: visitToken.encode({ ...token, ...change }) });
    const contacts = await author.device.items.all("contact");
    const rows: Uint8Array[] = [
      changed({ stated: { name: "bob" } }),
      changed({ stated: {} }),
      changed({ contact }),
      changed({ contact: { ...token.contact, boxKey: flip(token.contact.boxKey) } }),
      changed({ contact: { ...token.contact, node: "city-hospital" } }),
      signedVisitToken.encode({ ...signed, signature: flip(signed.signature) }),
      signedVisitToken.encode({ ...signed, certified: flip(signed.certified) }),
      signedVisitToken.encode({ ...signed, certificate: (await mallory.device.certificate()).der }),
      signedVisitToken.encode({ ...signed, certificate: (await author.device.certificate()).der }),
      elsewhere.token,
      randomBytes(100),
    ];
    for (const row of rows)
      await sendMessage(alice, address, {
        type: "visit.token",
        body: tokenAnswer.encode({ v: 1, id: new Uint8Array(16), index: 0, token: row }),
      });
    const kept = (await author.device.items.all("token")).length;
    const codes = (await doctor.receive(author)).map((event) =>
      event.what === "discarded" ? event.code : event.what,
    );
    assert.equal(codes.length, rows.length);
    assert.ok(!codes.includes("token"), codes.join());
    assert.ok(codes.slice(0, 4).every((code) => code === "SIGNATURE_INVALID"));
    assert.deepEqual(await author.device.items.all("contact"), contacts);
    assert.equal((await author.device.items.all("token")).length, kept);
  });

  test("a contact card that names a node outside the federation is refused", async () => {
    const card = {
      node: "http://evil.example",
      box: box.box,
      boxKey: box.boxKey,
      postKey: randomBytes(32),
      certificate: new Uint8Array(),
    };
    assert.throws(() => cardAddress(author, card), { code: "NOT_FOUND" });
  });
});
