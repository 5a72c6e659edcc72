/** Who wrote a version is judged by the reader, though the chain took its slip: its members could all lie together. */
import assert from "node:assert/strict";
import { before, beforeEach, suite, test } from "node:test";
import { fromHex, sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { Session } from "@anamnesis/client";
import type { CertificateView, RecordView, SlipFields } from "@anamnesis/protocol";
import { decodeSlip } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { certifyAsOwn } from "@anamnesis/testing/client/certifyAsOwn";
import { assertSameRecord, parseRecordName, proveVersion, versionOf } from "./recordVersion.ts";

const unverified = { code: "AUTHOR_UNVERIFIED" };

suite("proveVersion()", () => {
  let federation: ClientFederation;
  let author: Session;
  let chain = "";
  /** A version that its author wrote. */
  let honest: RecordView;

  before(async () => {
    federation = await ClientFederation.make();
    const alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    await patient.openVisit(alice, { institution: hospital, doctor: "Dr Li" });
    await doctor.receive(author);
    const content = utf8("a letter");
    const [written] = await doctor.importFile(author, { content, fileName: "a.txt", for: "alice" });
    const care = federation.trust.chains.find(({ institution }) => institution === hospital);
    chain = care!.chain;
    honest = await viewOf(written!.id);
  });
  beforeEach(() => federation.chains.lies.clear());

  /** The record as the hospital's node lists it. */
  async function viewOf(id: string): Promise<RecordView> {
    const { fields } = (await submitted(id)) as { fields: SlipFields<"record.submit"> };
    const views = await federation.chains.node(hospital).records(chain, { pid: toHex(fields.pid) });
    return views.find(({ record }) => record === id)!;
  }

  async function submitted(id: string): Promise<{ fields: SlipFields<"record.submit"> }> {
    const view = await federation.chains.node(hospital).slip(chain, id);
    const slip = decodeSlip(view.slip);
    assert.ok(slip.kind === "record.submit");
    return slip;
  }

  /** Another record under the same visit and tag, by whoever says so, on the chain without a look at signatures. */
  async function forged(
    change: Partial<SlipFields<"record.submit">>,
    key: Parameters<ReturnType<typeof federation.chains.chain>["slip"]>[2],
    header: { readonly time?: number } = {},
  ): Promise<RecordView> {
    const { fields } = await submitted(honest.record);
    const digest = sha256(utf8(`digest by ${toHex(key.publicKey)} at ${header.time}`));
    const made = federation.chains
      .chain(chain)
      .slip("record.submit", { ...fields, digest, ...change }, key, header);
    assert.equal(federation.chains.collude(chain, made), "OK");
    return viewOf(made.id);
  }

  const proven = (view: RecordView) =>
    proveVersion(federation.session(author.device), chain, view, view.versions[0]!);

  test("takes a version that its author signed", async () => {
    assert.equal((await proven(honest)).author.name, "Dr Li");
  });

  test("takes an amendment under the id of the record that it amends, and a slip of no other kind", async () => {
    const { record } = honest;
    const content = utf8("a better letter");
    await doctor.amendRecord(author, { record, content, fileName: "a.txt" });
    const amended = await viewOf(record);
    const [first, second] = amended.versions;
    const session = federation.session(author.device);
    const { slip } = await proveVersion(session, chain, amended, second!);
    assert.deepEqual([slip.kind, slip.id], ["record.amend", second!.slip]);
    const { posted } = federation.chains;
    const { id } = posted.find(({ kind }) => kind === "session.open")!;
    await assert.rejects(proveVersion(session, chain, amended, { ...first!, slip: id }), {
      code: "PROOF_INVALID",
    });
  });

  test("refuses a version that another key signed in the author's name", async () => {
    await assert.rejects(proven(await forged({}, keyOf("mallory"))), unverified);
  });

  test("refuses an author whose certificate had not begun or had ended, to the millisecond", async () => {
    const { author: view } = await proven(honest);
    const { signing } = await author.device.keys();
    for (const time of [view.validFrom - 1, view.validTo + 1])
      await assert.rejects(proven(await forged({}, signing, { time })), unverified);
    for (const time of [view.validFrom, view.validTo])
      assert.equal((await proven(await forged({}, signing, { time }))).author.name, "Dr Li");
  });

  test("refuses an author who was revoked before, takes one who was revoked after", async () => {
    const says = (revokedAt: number): void =>
      void federation.chains.lies.set("certificate", (answer) => ({
        ...(answer as CertificateView),
        revokedAt,
      }));
    const { slip } = await proven(honest);
    says(slip.time);
    await assert.rejects(proven(honest), unverified);
    says(slip.time + 1);
    assert.equal((await proven(honest)).author.name, "Dr Li");
  });

  test("refuses an author whose hospital certified another's doctor as its own, on its own chain", async () => {
    const stranger = await federation.join("doctor", "Dr Chen", "city-hospital");
    const { fingerprint } = await stranger.device.certificate();
    assert.equal(await certifyAsOwn(federation, hospital, fingerprint), "OK");
    const { signing } = await stranger.device.keys();
    const made = await forged({ cert: fromHex(fingerprint) }, signing);
    await assert.rejects(proven(made), unverified);
  });

  test("refuses what the node lists otherwise than the slip says, each part by itself", async () => {
    const [version] = honest.versions;
    const other = "0".repeat(64);
    for (const view of [
      { ...honest, record: other },
      { ...honest, pid: other },
      { ...honest, tag: other.slice(32) },
      { ...honest, institution: "city-hospital" },
      { ...honest, versions: [{ ...version!, digest: other }] },
      { ...honest, versions: [{ ...version!, sealedId: new Uint8Array(92) }] },
    ] as RecordView[])
      await assert.rejects(proven(view), { code: "DIGEST_MISMATCH" });
  });

  test("assertSameRecord() refuses a head of another visit, tag or author", async () => {
    const { slip } = await proven(honest);
    const { pid, tag, cert } = slip.fields;
    assertSameRecord(slip, { pid, tag, author: cert });
    for (const change of [
      { pid: new Uint8Array(32) },
      { tag: new Uint8Array(16) },
      { author: new Uint8Array(32) },
    ])
      assert.throws(() => assertSameRecord(slip, { pid, tag, author: cert, ...change }), {
        code: "DIGEST_MISMATCH",
      });
  });
});

test("parseRecordName() takes an id with or without a version, and nothing beside it", () => {
  const id = "0123456789abcdef".repeat(4);
  assert.deepEqual(parseRecordName(id), { id, n: undefined });
  assert.deepEqual(parseRecordName(`${id}@999999`), { id, n: 999_999 });
  for (const name of [
    "",
    `${id}0`,
    id.slice(1),
    id.toUpperCase(),
    `${id}@`,
    `${id}@0`,
    `${id}@1000000`,
    ` ${id}`,
  ])
    assert.throws(() => parseRecordName(name), { code: "BAD_REQUEST" }, name);
});

test("versionOf() gives the version that is meant, the newest without a number", () => {
  const record = { versions: [{ digest: "a" }, { digest: "b" }] } as unknown as RecordView;
  const rows = [
    [undefined, "b", 2],
    [1, "a", 1],
    [2, "b", 2],
  ] as const;
  for (const [n, digest, number] of rows) {
    const found = versionOf(record, n);
    assert.deepEqual([found.digest, found.n], [digest, number]);
  }
  for (const n of [0, 3])
    assert.throws(() => versionOf(record, n), {
      code: "NOT_FOUND",
      message: `The record has 2 versions, not ${n}`,
    });
});
