/** What may be shared, with whom, and what is left behind when a grant fails. */
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import type { Network, ProxyApi, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import * as person from "@anamnesis/client/person";
import { MemoryBlobDir, createDevice, openDevice } from "@anamnesis/client";
import { consortiumOf, proxyInstitution } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";

const text = (words: string): Uint8Array => new TextEncoder().encode(words);

describe("grant()", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let note = "";
  let lab = "";

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    [note = "", lab = ""] = await Promise.all(
      (["encounter-note", "laboratory"] as const).map(
        async (category) =>
          (
            await doctor.importFile(author, {
              content: text(category),
              fileName: `${category}.txt`,
              for: "alice",
              category,
            })
          )[0]?.id ?? "",
      ),
    );
    await patient.confirm(alice, { ids: [lab] });
  });
  beforeEach(() => {
    federation.proxies.away.clear();
    federation.chains.refuse.clear();
  });

  const published = (): number =>
    federation.chains.posted.filter(({ kind }) => kind === "grant.publish").length;

  test("an unconfirmed record is shared for treatment, never for research", async () => {
    const forCare = await patient.grant(alice, { to: "Dr Chen" });
    assert.deepEqual(forCare.categories.toSorted(), ["encounter-note", "laboratory"]);
    assert.equal(forCare.records, undefined);
    const forResearch = await patient.grant(alice, { to: "Dr Chen", purpose: "HRESCH" });
    assert.deepEqual(forResearch.records, [lab]);
    await assert.rejects(
      patient.grant(alice, { to: "Dr Chen", purpose: "HRESCH", records: [note] }),
      { code: "NOT_FOUND" },
    );
    await assert.rejects(
      patient.grant(alice, { to: "Dr Chen", purpose: "HPAYMT", categories: ["encounter-note"] }),
      { code: "NOT_FOUND" },
    );
  });

  test("categories and records narrow it; nothing to share is an error", async () => {
    assert.deepEqual(
      (await patient.grant(alice, { to: "Dr Chen", categories: ["laboratory"] })).categories,
      ["laboratory"],
    );
    assert.deepEqual((await patient.grant(alice, { to: "Dr Chen", records: [note] })).records, [
      note,
    ]);
    await assert.rejects(patient.grant(alice, { to: "Dr Chen", categories: ["imaging"] }), {
      code: "NOT_FOUND",
    });
    await assert.rejects(patient.grant(alice, { to: "Dr Chen", records: ["f".repeat(64)] }), {
      code: "NOT_FOUND",
    });
    await assert.rejects(patient.grant(alice, {}), { code: "USAGE" });
  });

  test("one proxy away is no hindrance; two leave the grant unpublished", async () => {
    federation.proxies.away.add(1);
    assert.equal((await patient.grant(alice, { to: "Dr Chen" })).status, "live");
    federation.proxies.away.add(2);
    const count = published();
    await assert.rejects(patient.grant(alice, { to: "Dr Chen" }), {
      code: "TOO_FEW_PROXIES",
      details: {
        proxies: { 1: "UNAVAILABLE", 2: "UNAVAILABLE" },
        away: [1, 2].map((index) => proxyInstitution(federation.trust, index)),
      },
    });
    assert.equal(published(), count);
    assert.ok((await patient.listGrants(alice)).some(({ status }) => status === "unpublished"));
  });

  test("a reader who is unknown, ambiguous or no longer certified gets nothing", async () => {
    await assert.rejects(patient.grant(alice, { to: "Dr Nobody" }), { code: "NOT_FOUND" });
    await federation.join("doctor", "Dr Chen", "general-hospital", "another Dr Chen");
    await assert.rejects(patient.grant(alice, { to: "Dr Chen" }), { code: "AMBIGUOUS_NAME" });
    assert.equal(
      (await patient.grant(alice, { to: "Dr Chen@city-hospital" })).party.institution,
      "city-hospital",
    );
    await assert.rejects(patient.grant(alice, { to: "a".repeat(64) }), { code: "NOT_FOUND" });
  });

  test("an end in the past is refused by the chain, and told", async () => {
    await assert.rejects(
      patient.grant(alice, { to: "Dr Chen@city-hospital", until: federation.clock() - 1 }),
      { code: "EXPIRY_IN_PAST" },
    );
  });

  test("revoke() works while proxies are away; they erase when they see the chain", async () => {
    const given = await patient.grant(alice, { to: "Dr Chen@city-hospital" });
    federation.proxies.away.add(3);
    const revoked = await patient.revoke(alice, given.id);
    assert.equal(revoked.status, "revoked");
    assert.deepEqual(revoked.receipts, [1, 2, 4]);
    await assert.rejects(patient.revoke(alice, given.id), { code: "GRANT_REVOKED" });
    await assert.rejects(patient.revoke(alice, "f".repeat(64)), { code: "NOT_FOUND" });
  });

  test("revoke() stops a grant at the proxies while the chain is held back, and says so", async () => {
    const given = await patient.grant(alice, { to: "Dr Chen@city-hospital" });
    for (const { id } of consortiumOf(federation.trust).members) federation.chains.away.add(id);
    try {
      for (const index of [2, 3, 4]) federation.proxies.away.add(index);
      await assert.rejects(patient.revoke(alice, given.id), { code: "UNAVAILABLE" });
      federation.proxies.away.delete(2);
      // Proxy 1 erased before, 1 and 2 now: with two of four gone, three cannot answer.
      const stopped = await patient.revoke(alice, given.id);
      assert.equal(stopped.status, "stopped");
      assert.deepEqual([stopped.receipts, stopped.revokedAt], [[1, 2], undefined]);
    } finally {
      federation.chains.away.clear();
      federation.proxies.away.clear();
    }
    const listed = async () =>
      (await patient.listGrants(alice)).find(({ id }) => id === given.id)?.status;
    assert.equal(await listed(), "stopped");
    assert.equal((await patient.revoke(alice, given.id)).status, "revoked");
    assert.equal(await listed(), "revoked");
  });

  test("a receipt that its proxy did not sign counts for nothing", async () => {
    const given = await patient.grant(alice, { to: "Dr Chen@city-hospital" });
    const network: Network = Object.assign(Object.create(federation), {
      proxy: (index: number): ProxyApi => ({
        ...federation.proxy(index),
        erase: async () => ({ v: 1, erasedAt: federation.clock(), signature: new Uint8Array(64) }),
      }),
    });
    assert.deepEqual((await patient.revoke({ ...alice, network }, given.id)).receipts, []);
  });

  test("no slip of a patient says whose it is: no certificate, no name, no key twice", async () => {
    const { fingerprint, der } = await alice.device.certificate();
    const { signing, box } = await alice.device.keys();
    const secrets = [
      fingerprint,
      Buffer.from(der).toString("hex"),
      Buffer.from(signing.publicKey).toString("hex"),
      Buffer.from(box.publicKey).toString("hex"),
      Buffer.from("alice").toString("hex"),
    ];
    for (const slip of federation.chains.posted) {
      const hex = Buffer.from(slip.bytes).toString("hex");
      for (const secret of secrets)
        assert.ok(!hex.includes(secret), `${slip.kind} shows who the patient is`);
    }
    const keys = federation.chains.posted.flatMap(({ kind, fields }) =>
      kind === "grant.publish" && "key" in fields ? [Buffer.from(fields.key).toString("hex")] : [],
    );
    assert.equal(new Set(keys).size, keys.length);
  });
});

describe("enrol()", () => {
  test("keys stay on the person's device; the certificate comes sealed and must fit", async () => {
    const federation = await ClientFederation.make();
    const registrar = await federation.join("registrar", "Registrar");
    const dir = new MemoryBlobDir();
    const device = await createDevice(
      dir,
      person.makeKeys({ role: "patient", name: "bob", institution: "general-hospital" }),
      { passphrase: "a long passphrase" },
    );
    await assert.rejects(device.certificate(), { code: "CERTIFICATE_INVALID" });
    const request = await person.certificateRequest(device);
    assert.ok(!Buffer.from(request).includes(Buffer.from(device.seed)));
    const sealed = await person.enrol(registrar, {
      request,
      role: "patient",
      name: "bob",
      identifier: "national id of bob",
    });
    await person.acceptCertificate(device, federation.trust, sealed);
    const reopened = await openDevice(dir, { passphrase: "a long passphrase" });
    assert.equal(
      (await reopened.certificate()).fingerprint,
      (await device.certificate()).fingerprint,
    );
    const { der, registration } = await device.certificate();
    const credential = { certificate: der, registration };
    assert.ok(!Buffer.from(der).includes("bob"));
    const other = await createDevice(
      new MemoryBlobDir(),
      person.makeKeys({ role: "patient", name: "eve", institution: "general-hospital" }),
      { demo: true },
    );
    await assert.rejects(person.acceptCertificate(other, federation.trust, sealed), {
      code: "E_DECRYPT",
    });
    await assert.rejects(person.keepCertificate(other, federation.trust, credential), {
      code: "CERTIFICATE_INVALID",
    });
    const again = person.enrol(registrar, {
      request: await person.certificateRequest(other),
      role: "patient",
      name: "eve",
      identifier: "national id of bob",
    });
    await assert.rejects(again, { code: "ALREADY_ENROLLED" });
    const elsewhere = await ClientFederation.make("other");
    await assert.rejects(person.keepCertificate(device, elsewhere.trust, credential), {
      code: "CERTIFICATE_INVALID",
    });
    await assert.rejects(
      person.enrol(registrar, {
        request: new Uint8Array([0xa0]),
        role: "patient",
        name: "x",
        identifier: "x",
      }),
      { code: "MALFORMED" },
    );
  });
});
