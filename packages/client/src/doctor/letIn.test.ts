/**
 * D20: a doctor without a token of a visit that is open is let in by the patient, or by a rule of theirs, before the first record.
 * The chain cannot see tokens (M-6): what keeps such a doctor out is that nothing they write is anybody's record.
 */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { parseChainId, parseInstitutionId } from "@anamnesis/protocol";
import { ClientFederation } from "@anamnesis/testing/client/federation";
import { postSlip, signedSlip } from "../submit.ts";

const text = new TextEncoder().encode("a letter of several words");

let federation: ClientFederation;
let alice: Session;
let author: Session;
/** At the author's hospital, and not let in. */
let colleague: Session;
let reader: Session;
let visit: { readonly pid: string; readonly tag: string; readonly chain: string };
let record = "";

before(async () => {
  federation = await ClientFederation.make();
  alice = await federation.join("patient", "alice");
  author = await federation.join("doctor", "Dr Li");
  colleague = await federation.join("doctor", "Dr Wu");
  reader = await federation.join("doctor", "Dr Chen", "city-hospital");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Li" });
  await doctor.receive(author);
  record = (await write(author))[0]!.id;
  await patient.receive(alice);
  const [own] = await patient.listRecords(alice);
  visit = { pid: own!.pid, tag: own!.tag, chain: own!.chain };
  await patient.grant(alice, { to: "Dr Chen", until: federation.clock() + 24 * 3_600_000 });
  await doctor.receive(reader);
});

const write = (by: Session) =>
  doctor.importFile(by, { content: text, fileName: "a.txt", for: "alice", patientWaitMs: 200 });

const written = (): number =>
  federation.chains.posted.filter(({ kind }) => kind === "record.submit").length;

/** Writes into the open visit by a slip of the doctor's own, under whatever tag. @returns the record's id */
async function forced(tag: Uint8Array): Promise<string> {
  const [{ fingerprint }, { signing }] = await Promise.all([
    colleague.device.certificate(),
    colleague.device.keys(),
  ]);
  const fields = {
    institution: parseInstitutionId("general-hospital"),
    cert: fromHex(fingerprint),
    pid: fromHex(visit.pid),
    tag,
    digest: randomBytes(32),
    sealedId: randomBytes(92),
  };
  const chain = parseChainId(visit.chain);
  const { secretKey } = signing;
  return postSlip(
    colleague,
    signedSlip(colleague, { chain, kind: "record.submit", fields, secretKey }),
  );
}

test("D20: a doctor who was not let in gets no token, and writes nothing", async () => {
  await alice.device.items.put("rules", "rules", { answerTokenRequests: false });
  const before = written();
  await assert.rejects(write(colleague), { code: "PATIENT_AWAY" });
  await patient.receive(alice);
  await assert.rejects(write(colleague), { code: "PATIENT_AWAY" });
  assert.equal(written(), before);
});

test("D20: what such a doctor posts nevertheless is no record: not listed, not confirmed, not read", async () => {
  const elsewhere = await forced(randomBytes(16));
  const borrowed = await forced(fromHex(visit.tag));
  const listed = (await patient.listRecords(alice)).map(({ id }) => id);
  assert.ok(!listed.includes(elsewhere), "under a tag that the patient's device never made");
  const { confirmed, failed } = await patient.confirm(alice, { all: true });
  assert.deepEqual(confirmed, [record]);
  assert.deepEqual(
    failed.map(({ id }) => id),
    [borrowed],
    "under a tag that stands on the chain nothing opens: its keys are in the token alone",
  );
  const opened = new Map<string, string>();
  for await (const one of doctor.openMany(federation.session(reader.device), [
    record,
    borrowed,
    elsewhere,
  ]))
    opened.set(one.name, "error" in one ? "refused" : (await collect(one.opened), "opened"));
  assert.deepEqual(
    opened,
    new Map([
      [record, "opened"],
      [borrowed, "refused"],
      [elsewhere, "refused"],
    ]),
  );
});

test("D20: let in by the patient's rule, or by the patient, the same doctor writes", async () => {
  await alice.device.items.put("rules", "rules", { answerTokenRequests: true });
  await assert.rejects(write(colleague), { code: "PATIENT_AWAY" });
  await patient.receive(alice);
  const [byRule] = await write(colleague);
  const another = await federation.join("doctor", "Dr Sun");
  await patient.openVisit(alice, { institution: "general-hospital", doctor: "Dr Sun" });
  await doctor.receive(another);
  const [byPatient] = await write(another);
  const listed = (await patient.listRecords(alice)).map(({ id }) => id);
  for (const each of [byRule, byPatient]) assert.ok(listed.includes(each!.id));
});
