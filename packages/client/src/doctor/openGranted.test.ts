/** Opening under attack: lying, absent and refusing proxies, lying nodes, spoiled objects, stolen and forged grants. */
import { BYTES, streamOf } from "@anamnesis/crypto/verify";
import assert from "node:assert/strict";
import { before, beforeEach, describe, test } from "node:test";
import { grantMessage, parseInstitutionId, proxyInstitution } from "@anamnesis/protocol";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import type { CertificateView, RecordView } from "@anamnesis/protocol";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { keepGrant, messageOf } from "./grants.ts";

const dayMs = 24 * 3_600_000;
const content = new TextEncoder().encode("a letter of several words");
const codeOf = (error: unknown): string | undefined => (error as { code?: string }).code;

describe("openGranted() under attack", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let reader: Session;
  let record = "";
  let gid = "";
  let objects = new Map<string, Uint8Array>();

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    reader = await federation.join("doctor", "Dr Chen", "city-hospital");
    await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
    await doctor.receive(author);
    const [written] = await doctor.importFile(author, { content, fileName: "a.txt", for: "alice" });
    record = written?.id ?? "";
    gid = (await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + dayMs })).id;
    await doctor.receive(reader);
    objects = federation.vaults.stored();
  });

  beforeEach(() => {
    const { proxies, chains } = federation;
    for (const set of [
      proxies.away,
      proxies.faulty,
      proxies.refuse,
      proxies.repeat,
      chains.away,
      chains.forked,
      chains.lies,
      chains.refuse,
    ])
      set.clear();
    proxies.asked.length = 0;
    for (const [id, bytes] of objects) federation.vaults.change(id, bytes);
    federation.vaults.mend();
    for (const { downloads } of federation.vaults.all) downloads.length = 0;
  });

  /** A new session, so that nothing is remembered. */
  const open = async (session = reader) =>
    collect(await doctor.openGranted(federation.session(session.device), record));

  const heldItem = async () => (await reader.device.items.get("grantReceived", gid))!;

  test("asks k proxies, not more, when they answer", async () => {
    assert.deepEqual((await open()).content, content);
    assert.equal(federation.proxies.asked.length, 3);
  });

  test("downloads a record once, and looks at its digest before it asks anybody", async () => {
    assert.deepEqual((await open()).content, content);
    const downloads = federation.vaults.all.flatMap((vault) => vault.downloads);
    assert.equal(downloads.length, 1);
    const [id] = downloads;
    const stored = objects.get(id ?? "");
    assert.ok(stored !== undefined);
    // The head as it was, another body: nobody is asked in vain.
    federation.proxies.asked.length = 0;
    federation.vaults.change(id ?? "", stored.with(-1, stored.at(-1)! ^ 1));
    await assert.rejects(open(), { code: "DIGEST_MISMATCH" });
    assert.equal(federation.proxies.asked.length, 0);
  });

  test("a large record is not held: its body is found out as it is read", async () => {
    const size = 5 * 1024 * 1024;
    const [large] = await doctor.importFile(author, {
      content: { size, open: () => streamOf([new Uint8Array(size).fill(7)]) },
      fileName: "large.bin",
      for: "alice",
      whole: true,
    });
    const { id: gidOfLarge } = await patient.grant(alice, {
      to: "Dr Chen",
      records: [large!.id],
      until: federation.clock() + dayMs,
    });
    assert.ok(gidOfLarge !== "");
    await doctor.receive(reader);
    const read = () => doctor.openGranted(federation.session(reader.device), large!.id);
    assert.equal((await collect(await read())).content.length, size);
    const [name, stored] = [...federation.vaults.stored()].at(-1)!;
    federation.vaults.change(name, stored.with(-1, stored.at(-1)! ^ 1));
    await assert.rejects(collect(await read()), { code: "E_DECRYPT" });
  });

  test("asks others in place of those that are away, whichever it is", async () => {
    for (const index of [1, 2, 3, 4]) {
      federation.proxies.away.clear();
      federation.proxies.away.add(index);
      assert.deepEqual((await open()).content, content);
    }
  });

  test("k - 1 proxies open nothing, and the error names who did not answer", async () => {
    federation.proxies.away.add(2);
    federation.proxies.refuse.set(4, "STALE_CHAIN");
    const [second, fourth] = [2, 4].map((index) => proxyInstitution(federation.trust, index));
    const proxies = { 2: "UNAVAILABLE", 4: "STALE_CHAIN" };
    await assert.rejects(open(), {
      code: "TOO_FEW_PROXIES",
      message: new RegExp(`${second}: UNAVAILABLE.*${fourth}: STALE_CHAIN`),
      details: { faultyProxies: [], proxies, away: [second, fourth] },
    });
  });

  test("what proxies refuse alike is told with their code", async () => {
    for (const index of [1, 2, 3, 4]) federation.proxies.refuse.set(index, "TAG_NOT_GRANTED");
    await assert.rejects(open(), { code: "TAG_NOT_GRANTED" });
  });

  test("a lying proxy is named by its proof, and another opens in its place", async () => {
    for (const faulty of [1, 2, 3, 4]) {
      federation.proxies.faulty.clear();
      federation.proxies.faulty.add(faulty);
      federation.proxies.asked.length = 0;
      const opened = await doctor.openGranted(federation.session(reader.device), record);
      assert.deepEqual((await collect(opened)).content, content);
      assert.deepEqual(
        opened.faultyProxies,
        federation.proxies.asked.includes(faulty) ? [faulty] : [],
      );
      const [used = []] = federation.chains.posted
        .map((slip) => (slip.kind === "usage.done" ? slip.fields.proxies : undefined))
        .slice(-1);
      const honest = federation.proxies.asked.filter((index) => index !== faulty);
      assert.deepEqual(
        used,
        honest.toSorted((a, b) => a - b),
        "usage.done names whose answers were used",
      );
    }
  });

  test("an answer to another intent is no answer: others are asked in place of who sends it", async () => {
    for (const index of [1, 2, 3, 4]) federation.proxies.repeat.add(index);
    await assert.rejects(open(), (error: { code: string; details?: { proxies: object } }) => {
      assert.equal(error.code, "MALFORMED");
      return true;
    });
    for (const index of [2, 3, 4]) federation.proxies.repeat.delete(index);
    assert.deepEqual((await open()).content, content);
  });

  test("two faulty proxies of four leave too few, both named", async () => {
    for (const index of [1, 3]) federation.proxies.faulty.add(index);
    await assert.rejects(
      open(),
      (error: { code: string; details?: { faultyProxies: number[] } }) => {
        assert.equal(error.code, "TOO_FEW_PROXIES");
        assert.deepEqual(error.details?.faultyProxies.toSorted(), [1, 3]);
        return true;
      },
    );
  });

  test("an object with any flipped bit is refused, wherever the bit is", async () => {
    const [id, bytes] = [...objects][0]!;
    for (const at of [0, 7, 9, 40, Math.floor(bytes.length / 2), bytes.length - 1]) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1;
      federation.vaults.change(id, flipped);
      await assert.rejects(
        open(),
        (error) => ["E_DECRYPT", "DIGEST_MISMATCH"].includes(codeOf(error) ?? ""),
        `byte ${at}`,
      );
      await assert.rejects(
        patient.openRecord(alice, record).then(collect),
        { code: "E_DECRYPT" },
        `byte ${at}`,
      );
    }
    federation.vaults.change(id, bytes.slice(0, -20));
    await assert.rejects(open(), { code: "DIGEST_MISMATCH" });
  });

  test("another record's object in this one's place is refused", async () => {
    const [other] = await doctor.importFile(author, {
      content: new TextEncoder().encode("another"),
      fileName: "b.txt",
      for: "alice",
    });
    const [[first], [second, swapped]] = [...federation.vaults.stored()] as [
      [string, Uint8Array],
      [string, Uint8Array],
    ];
    federation.vaults.change(first, swapped);
    await assert.rejects(open(), { code: "DIGEST_MISMATCH" });
    for (const vault of federation.vaults.all) vault.objects.delete(second);
    assert.ok(other);
  });

  test("two members must sign the same state: a forked one is found, absent ones are passed over", async () => {
    federation.chains.away.add("provincial-authority");
    assert.deepEqual((await open()).content, content);
    for (const id of ["national-authority", "municipal-authority"]) federation.chains.away.add(id);
    await assert.rejects(open(), { code: "UNAVAILABLE" });
    federation.chains.away.clear();
    federation.chains.forked.add("national-authority");
    for (const id of ["provincial-authority", "municipal-authority"])
      federation.chains.away.add(id);
    await assert.rejects(open(), { code: "PROOF_INVALID" });
  });

  test("a node that lists another digest, author or object than the slip says is found", async () => {
    const change = (patch: (view: RecordView) => RecordView) =>
      federation.chains.lies.set("records", (answer) => (answer as RecordView[]).map(patch));
    const version = (view: RecordView, other: object): RecordView => ({
      ...view,
      versions: view.versions.map((each) => ({ ...each, ...other })),
    });
    for (const other of [
      { digest: "0".repeat(64) },
      { sealedId: new Uint8Array(BYTES.sealedId) },
    ]) {
      change((view) => version(view, other));
      await assert.rejects(open(), { code: "DIGEST_MISMATCH" });
      await assert.rejects(patient.openRecord(federation.session(alice.device), record), {
        code: "DIGEST_MISMATCH",
      });
    }
    change((view) => ({ ...view, institution: parseInstitutionId("city-hospital") }));
    await assert.rejects(open(), { code: "DIGEST_MISMATCH" });
  });

  test("an author whom the node names falsely, or certifies by itself, is not believed", async () => {
    const lie = (patch: (view: CertificateView) => CertificateView) =>
      federation.chains.lies.set("certificate", (answer) => patch(answer as CertificateView));
    const mallory = await federation.join("doctor", "Mallory");
    const { der } = await mallory.device.certificate();
    for (const patch of [
      (view: CertificateView) => ({ ...view, name: "Dr House" }),
      (view: CertificateView) => ({ ...view, signingKey: new Uint8Array(32).fill(9) }),
      (view: CertificateView) => ({ ...view, der }),
      (view: CertificateView) => ({
        ...view,
        der: view.der.map((byte, i) => (i === view.der.length - 1 ? byte ^ 1 : byte)),
      }),
    ]) {
      lie(patch);
      await assert.rejects(open(), { code: "AUTHOR_UNVERIFIED" });
      await assert.rejects(patient.openRecord(federation.session(alice.device), record), {
        code: "AUTHOR_UNVERIFIED",
      });
    }
  });

  test("no grant, no access; a stolen grant message is of no use to a stranger", async () => {
    const stranger = await federation.join("doctor", "Stranger", "city-hospital");
    await assert.rejects(open(stranger), { code: "NO_ACCESS" });
    const stolen = await heldItem();
    await keepGrant(stranger, await messageOf(reader, stolen), stolen);
    await assert.rejects(open(stranger), { code: "GRANT_SIGNATURE" });
  });

  test("a grant message with anything changed is refused", async () => {
    const item = await heldItem();
    const bytes = await messageOf(reader, item);
    const message = grantMessage.decode(bytes);
    const flip = (bytes: Uint8Array): Uint8Array =>
      bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte));
    const mallory = await federation.join("patient", "mallory");
    const { der } = await mallory.device.certificate();
    const rows = [
      { ...message, sealed: flip(message.sealed) },
      { ...message, commitments: message.commitments.map(flip) },
      { ...message, visits: [] },
      {
        ...message,
        visits: message.visits.map((visit) => ({ ...visit, signature: flip(visit.signature) })),
      },
      { ...message, patient: { ...message.patient, signature: flip(message.patient.signature) } },
      { ...message, patient: { ...message.patient, certificate: der } },
    ];
    try {
      for (const [i, row] of rows.entries()) {
        await keepGrant(reader, grantMessage.encode(row), item);
        await assert.rejects(open(), { code: "GRANT_SIGNATURE" }, `row ${i}`);
      }
    } finally {
      await keepGrant(reader, bytes, item);
    }
    assert.deepEqual((await open()).content, content);
  });

  test("a grant that was opened before is refused once its patient's certificate has ended", async () => {
    const session = federation.session(reader.device);
    assert.deepEqual((await collect(await doctor.openGranted(session, record))).content, content);
    federation.skewMs = 20 * 365 * dayMs;
    try {
      await assert.rejects(doctor.openGranted(session, record), { code: "CERTIFICATE_NOT_LIVE" });
    } finally {
      federation.skewMs = 0;
    }
  });

  test("without its intent on the chain nothing opens", async () => {
    federation.chains.refuse.set("usage.intent", "GRANT_REVOKED");
    await assert.rejects(open(), { code: "GRANT_REVOKED" });
    assert.equal(federation.proxies.asked.length, 0);
  });

  test("a grant by record opens that record and refuses its sibling", async () => {
    const bob = await federation.join("doctor", "Dr Bob", "city-hospital");
    const [sibling] = await doctor.importFile(author, {
      content: new TextEncoder().encode("sibling"),
      fileName: "c.txt",
      for: "alice",
    });
    await patient.grant(alice, { to: "Dr Bob", records: [sibling?.id ?? ""] });
    await doctor.receive(bob);
    assert.deepEqual(
      (await doctor.listReadable(bob)).map(({ id }) => id),
      [sibling?.id],
    );
    await assert.rejects(doctor.openGranted(bob, record), { code: "NO_ACCESS" });
    assert.ok((await collect(await doctor.openGranted(bob, sibling?.id ?? ""))).content.length > 0);
  });

  test("reading half leaves the intent open; reading all closes it", async () => {
    const dones = () => federation.chains.posted.filter(({ kind }) => kind === "usage.done").length;
    const count = dones();
    const opened = await doctor.openGranted(reader, record);
    assert.equal(dones(), count);
    await collect(opened);
    assert.equal(dones(), count + 1);
  });
});
