import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { boxKeypairFromSeed, sealTo } from "@anamnesis/crypto/box";
import { sign } from "@anamnesis/crypto/sign";
import { encodeCanonical, utf8 } from "@anamnesis/crypto/verify";
import { limits, pidOf, sessionIntake, vouched } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import { CertificateOffice, startListServer } from "../../../tests/certificateOffice.ts";
import type { ListServer } from "../../../tests/certificateOffice.ts";
import { bytesOf, keyOf } from "../../../tests/chainFixture.ts";
import { NodeFederation, call, hospital, province } from "../../../tests/nodeFixture.ts";

const YEAR_MS = 365 * 24 * 3_600_000;

let office: CertificateOffice;
let registry: ListServer;
let federation: NodeFederation;
let care: Genesis;
let skewMs = 0;
let patient: Uint8Array;

before(async () => {
  office = await CertificateOffice.make();
  registry = await startListServer(() => office.lists({ time: Date.now() + skewMs }));
  federation = await NodeFederation.make({ cas: office.cas, registry: registry.address });
  ({ care } = federation);
  await federation.start(hospital, { now: () => Date.now() + skewMs });
  patient = (await office.issue("patient")).der;
});
after(async () => {
  await federation.remove();
  await registry.stop();
});

interface Intake {
  readonly visit: string;
  readonly certificate: Uint8Array;
  /** Whose certified key vouches for the visit. */
  readonly by?: string;
  /** The visit that is vouched for. */
  readonly vouchedFor?: string;
  /** Whose key signs the slip. */
  readonly slipBy?: string;
  readonly slip?: Uint8Array;
  readonly to?: Uint8Array;
  readonly aad?: string;
}

/** Posts a sealed intake. @returns The code. */
async function intake(input: Intake): Promise<string> {
  const { visit, certificate, by = "patient", vouchedFor = visit, slipBy = visit } = input;
  const key = keyOf(visit);
  const time = Date.now() + skewMs;
  const fields = { institution: hospital, key: key.publicKey };
  const slip =
    input.slip ?? federation.slip(care, "session.open", fields, keyOf(slipBy), { time }).bytes;
  const certified = sign({
    type: "PATIENT-VISIT",
    message: vouched(pidOf(keyOf(vouchedFor).publicKey)),
    secretKey: keyOf(by).secretKey,
  });
  const sealed = await sealTo({
    publicKey: input.to ?? federation.keys.get(hospital)!.box.publicKey,
    info: "MRS-V1-SESSION",
    aad: utf8(input.aad ?? care.chain),
    plaintext: sessionIntake.encode({ v: 1, certificate, certified, slip }),
  });
  return post(sealed);
}

async function post(body: Uint8Array): Promise<string> {
  const { json, status } = await call(federation.url(hospital, care, "sessions"), { body });
  if (json.error === undefined) return String(json["code"]);
  assert.ok(status >= 400 && status < 600);
  return json.error.code;
}

const isOpen = async (visit: string): Promise<boolean> =>
  (await federation.get(hospital, care, `sessions/${pidOf(keyOf(visit).publicKey)}`)).status ===
  200;

test("H-16: a patient's certificate and signature open a visit, once", async () => {
  assert.equal(await intake({ visit: "first", certificate: patient }), "OK");
  assert.equal(await isOpen("first"), true);
  assert.equal(await intake({ visit: "first", certificate: patient }), "SESSION_EXISTS");
});

test("H-16: what the intake shows is not on the chain (I4)", async () => {
  const blocks = await federation.get(hospital, care, "blocks?after=0&limit=1000");
  const seen = Buffer.from(blocks.bytes);
  assert.ok(seen.includes("session.open"));
  assert.equal(seen.includes(Buffer.from(patient).subarray(0, 64)), false);
  assert.equal(seen.includes(Buffer.from(keyOf("patient").publicKey)), false);
});

test("H-16: no visit without a live patient's certificate of this federation", async (t) => {
  const stranger = await CertificateOffice.make("stranger ");
  const forged = (await stranger.issue("patient")).der;
  const flipped = Uint8Array.from(patient);
  flipped[flipped.length - 1]! ^= 1;
  const doctor = (await office.issue("patient", { role: "doctor" })).der;
  const expired = (await office.issue("patient", { time: Date.now() - 6 * YEAR_MS })).der;
  const future = (await office.issue("patient", { time: Date.now() + 3_600_000 })).der;
  const revoked = await office.issue("patient");
  office.revoke(revoked);
  skewMs += 61_000; // The list is fetched anew after a minute.
  const self = await office.issue("self", { issuer: await selfIssuer() });
  const root = office.cas.find(({ id }) => id === "root")!.der;
  const rows: { when: string; certificate: Uint8Array; by?: string; want: string }[] = [
    { when: "of another federation", certificate: forged, want: "CERTIFICATE_INVALID" },
    { when: "self-signed", certificate: self.der, by: "self", want: "CERTIFICATE_INVALID" },
    { when: "with a flipped bit", certificate: flipped, want: "CERTIFICATE_INVALID" },
    {
      when: "with bytes after it",
      certificate: Uint8Array.of(...patient, 0),
      want: "CERTIFICATE_INVALID",
    },
    { when: "truncated", certificate: patient.subarray(0, 200), want: "CERTIFICATE_INVALID" },
    { when: "that is none", certificate: utf8("certificate"), want: "CERTIFICATE_INVALID" },
    { when: "of the root itself", certificate: root, by: "root", want: "CERTIFICATE_INVALID" },
    { when: "of a doctor", certificate: doctor, want: "CERTIFICATE_INVALID" },
    { when: "out of date", certificate: expired, want: "CERTIFICATE_NOT_LIVE" },
    { when: "not yet valid", certificate: future, want: "CERTIFICATE_NOT_LIVE" },
    { when: "that is revoked", certificate: revoked.der, want: "CERTIFICATE_NOT_LIVE" },
  ];
  for (const [i, { when, want, ...input }] of rows.entries()) {
    await t.test(`a certificate ${when}`, async () => {
      const visit = `refused ${i}`;
      assert.equal(await intake({ visit, ...input }), want);
      assert.equal(await isOpen(visit), false);
    });
  }

  async function selfIssuer() {
    const { care: authority } = await CertificateOffice.make("self made ");
    return { ...authority, certificate: office.care.certificate };
  }
});

test("H-16: the signatures under visit and pseudonym are those of visit and patient", async () => {
  const certificate = patient;
  const visit = "contested";
  assert.equal(await intake({ visit, certificate, by: "mallory" }), "SIGNATURE_INVALID");
  assert.equal(await intake({ visit, certificate, vouchedFor: "first" }), "SIGNATURE_INVALID");
  assert.equal(await intake({ visit, certificate, slipBy: "mallory" }), "SLIP_SIGNATURE");
  assert.equal(await isOpen(visit), false);
  assert.equal(await intake({ visit, certificate }), "OK");
});

test("H-16: an intake is sealed to this node and this chain, and holds a session.open", async () => {
  const certificate = patient;
  const visit = "sealed";
  const other = await boxKeypairFromSeed(bytesOf("another box"));
  const elsewhere = federation.keys.get(province)!.box.publicKey;
  for (const to of [other.publicKey, elsewhere])
    assert.equal(await intake({ visit, certificate, to }), "BAD_REQUEST");
  const aad = federation.consortium.chain;
  assert.equal(await intake({ visit, certificate, aad }), "BAD_REQUEST");
  const key = keyOf(visit);
  const confirm = federation.slip(
    care,
    "record.confirm",
    { key: key.publicKey, record: bytesOf("record"), digest: bytesOf("digest") },
    key,
  );
  assert.equal(await intake({ visit, certificate, slip: confirm.bytes }), "BAD_REQUEST");
  assert.equal(await intake({ visit, certificate, slip: utf8("slip") }), "SLIP_MALFORMED");
  assert.equal(await post(utf8("not sealed")), "BAD_REQUEST");
  assert.equal(await post(new Uint8Array(2 * limits.slipBytes + 1)), "TOO_LARGE");
  const plain = await sealTo({
    publicKey: federation.keys.get(hospital)!.box.publicKey,
    info: "MRS-V1-SESSION",
    aad: utf8(care.chain),
    plaintext: encodeCanonical({ v: 1 }),
  });
  assert.equal(await post(plain), "MALFORMED");
  assert.equal(await isOpen(visit), false);
});

test("H-16: while no revocation list is to be had, the last one serves until its nextUpdate, then nobody is let in", async () => {
  const certificate = patient;
  const { lists } = registry;
  registry.lists = undefined;
  skewMs += 120_000;
  assert.equal(await intake({ visit: "with an old list", certificate }), "OK");
  skewMs += 3_600_000;
  assert.equal(await intake({ visit: "without a list", certificate }), "UNAVAILABLE");
  registry.lists = lists;
  assert.equal(await intake({ visit: "without a list", certificate }), "OK");
});
