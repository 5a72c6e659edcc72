/** A file that proves a record offline: whoever checks it believes the trust file and nobody else. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { fromHex, sha256, toHex, utf8 } from "@anamnesis/crypto/verify";
import { encodeSlipProof, proofFile } from "@anamnesis/protocol";
import type { SlipFields } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { hospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { certifyAsOwn } from "@anamnesis/testing/client/certifyAsOwn";
import { verifyCertificate } from "../certificates.ts";
import { proveSlip } from "../proofs/prove.ts";
import { checkProof, exportProof } from "./proofFile.ts";

const unverified = { code: "AUTHOR_UNVERIFIED" };
const invalid = { code: "PROOF_INVALID" };

suite("a proof file", () => {
  let federation: ClientFederation;
  let alice: Session;
  let author: Session;
  let chain = "";
  let record = "";
  /** Of a version that is confirmed. */
  let file: Uint8Array;

  before(async () => {
    federation = await ClientFederation.make();
    alice = await federation.join("patient", "alice");
    author = await federation.join("doctor", "Dr Li");
    await patient.openVisit(alice, { institution: hospital, doctor: "Dr Li" });
    await doctor.receive(author);
    record = await write();
    await patient.confirm(alice, { ids: [record] });
    chain = federation.trust.chains.find(({ institution }) => institution === hospital)!.chain;
    file = await exportProof(alice, record);
  });

  let letters = 0;
  async function write(): Promise<string> {
    letters += 1;
    const content = utf8(`letter ${letters}`);
    const [written] = await doctor.importFile(author, { content, fileName: "a.txt", for: "alice" });
    return written!.id;
  }
  const check = (bytes: Uint8Array) => checkProof(bytes, federation.trust);
  const changed = (change: Partial<ReturnType<typeof proofFile.decode>>): Uint8Array =>
    proofFile.encode({ ...proofFile.decode(file), ...change });
  const proofOf = async (id: string): Promise<Uint8Array> =>
    encodeSlipProof((await proveSlip(alice, chain, id)).proof);

  /** The record's slip but for what is given, by whoever says so, on the chain without a look at signatures. */
  async function forged(
    change: Partial<SlipFields<"record.submit">>,
    key: Parameters<ReturnType<typeof federation.chains.chain>["slip"]>[2],
    header: { readonly time?: number } = {},
  ): Promise<Uint8Array> {
    const { slip } = await proveSlip(alice, chain, record);
    assert.ok(slip.kind === "record.submit");
    const digest = sha256(utf8(`by ${toHex(key.publicKey)} at ${header.time}`));
    const fields = { ...slip.fields, digest, ...change };
    const made = federation.chains.chain(chain).slip("record.submit", fields, key, header);
    assert.equal(federation.chains.collude(chain, made), "OK");
    return proofOf(made.id);
  }

  test("says whose record it is, and whether it is confirmed", async () => {
    const { slip, author: who, ...rest } = check(file);
    assert.deepEqual([slip, who.name, who.institution], [record, "Dr Li", hospital]);
    assert.deepEqual([rest.record, rest.chain, rest.confirmed], [record, chain, true]);
    assert.equal(check(changed({ confirmation: null })).confirmed, false);
    assert.equal(check(await exportProof(alice, await write())).confirmed, false);
  });

  test("is of the version that is asked for, an amendment too", async () => {
    const amended = await write();
    const content = utf8("a better letter");
    await doctor.amendRecord(author, { record: amended, content, fileName: "a.txt" });
    const [first, second] = await Promise.all(
      [`${amended}@1`, amended].map(async (id) => check(await exportProof(alice, id))),
    );
    assert.deepEqual([first!.record, first!.slip], [amended, amended]);
    assert.equal(second!.record, amended);
    assert.notEqual(second!.slip, amended);
  });

  test("is refused under another federation's trust file, and where it is about no record", async () => {
    const { trust } = await ClientFederation.make("another");
    assert.throws(() => checkProof(file, trust), invalid);
    const opened = federation.chains.posted.find(({ kind }) => kind === "session.open")!;
    const confirmed = proofFile.decode(file).confirmation!;
    for (const about of [await proofOf(opened.id), confirmed])
      assert.throws(() => check(changed({ record: about })), invalid);
  });

  test("is refused with another's certificate, or one that the federation did not issue", async () => {
    const other = await federation.join("doctor", "Dr Wu");
    const { der, fingerprint } = await other.device.certificate();
    const { certificate } = proofFile.decode(file);
    for (const shown of [der, certificate.with(-1, certificate.at(-1)! ^ 1)])
      assert.throws(() => check(changed({ certificate: shown })), unverified);
    const { signing } = await author.device.keys();
    const inTheirName = await forged({ cert: fromHex(fingerprint) }, signing);
    assert.throws(() => check(changed({ record: inTheirName, confirmation: null })), unverified);
  });

  test("is refused where another key signed in the author's name, or the author is of another hospital", async () => {
    const byMallory = await forged({}, keyOf("mallory"));
    assert.throws(() => check(changed({ record: byMallory, confirmation: null })), unverified);
    const stranger = await federation.join("doctor", "Dr Chen", "city-hospital");
    const { der, fingerprint } = await stranger.device.certificate();
    assert.equal(await certifyAsOwn(federation, hospital, fingerprint), "OK");
    const { signing } = await stranger.device.keys();
    const away = await forged({ cert: fromHex(fingerprint) }, signing);
    const shown = changed({ record: away, certificate: der, confirmation: null });
    assert.throws(() => check(shown), unverified);
  });

  test("is refused where the author's certificate had not begun or had ended, to the millisecond", async () => {
    const { signing } = await author.device.keys();
    const { der } = await author.device.certificate();
    const { validFrom, validTo } = verifyCertificate(federation.trust, der);
    const at = async (time: number) =>
      changed({ record: await forged({}, signing, { time }), confirmation: null });
    for (const time of [validFrom, validTo]) assert.equal(check(await at(time)).time, time);
    for (const time of [validFrom - 1, validTo + 1]) {
      const bytes = await at(time);
      assert.throws(() => check(bytes), unverified);
    }
  });

  test("is refused where its confirmation is of another record", async () => {
    const other = await write();
    await patient.confirm(alice, { ids: [other] });
    const { confirmation } = proofFile.decode(await exportProof(alice, other));
    assert.throws(() => check(changed({ confirmation })), invalid);
  });
});
