import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { sealTo } from "@anamnesis/crypto/box";
import { sign } from "@anamnesis/crypto/sign";
import { utf8 } from "@anamnesis/crypto/verify";
import { hpkeInfo, memberOf, pidOf, sessionIntake, vouched } from "@anamnesis/protocol";
import type { Role } from "@anamnesis/protocol";
import { CertificateOffice, startListServer } from "@anamnesis/testing/certificateOffice";
import type { ListServer } from "@anamnesis/testing/certificateOffice";
import { keyOf } from "@anamnesis/testing/keys";
import { hospital } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { call } from "@anamnesis/testing/requests";

let office: CertificateOffice;
let registry: ListServer;
let federation: NodeFederation;
let now = Date.now();

before(async () => {
  office = await CertificateOffice.make();
  registry = await startListServer(() => office.lists({ time: now }));
  federation = await NodeFederation.make({
    members: [hospital],
    cas: office.cas,
    registry: registry.address,
  });
  await federation.start(hospital, { now: () => now });
});
after(async () => {
  await federation.remove();
  await registry.stop();
});

const certificateOf = async (name: string, role: Role = "patient") =>
  (await office.issue(name, { role })).der;

/** Opens a visit as a patient's device does; `changes` make it fail. @returns OK or the code. */
async function openVisit(
  visit: string,
  input: { certificate: Uint8Array; certified?: Uint8Array; slip?: Uint8Array; aad?: string },
): Promise<string> {
  const { care } = federation;
  const key = keyOf(visit);
  const made = federation.slip(
    care,
    "session.open",
    { institution: hospital, key: key.publicKey },
    key,
    { time: now },
  );
  const intake = sessionIntake.encode({
    v: 1,
    certificate: input.certificate,
    certified: input.certified ?? certified("patient", visit),
    slip: input.slip ?? made.bytes,
  });
  const sealed = await sealTo({
    publicKey: memberOf(care, hospital).boxKey,
    info: hpkeInfo.session,
    aad: utf8(input.aad ?? care.chain),
    plaintext: intake,
  });
  const { json } = await call(`${federation.address(hospital)}/chains/${care.chain}/sessions`, {
    body: sealed,
  });
  return json.error?.code ?? String(json["code"]);
}

const certified = (patient: string, visit: string): Uint8Array =>
  sign({
    type: "PATIENT-VISIT",
    message: vouched(pidOf(keyOf(visit).publicKey)),
    secretKey: keyOf(patient).secretKey,
  });

test("H-16: without a revocation list that was ever had, nobody is let in", async () => {
  const certificate = await certificateOf("patient");
  registry.lists = undefined;
  assert.equal(await openVisit("fail closed", { certificate }), "UNAVAILABLE");
  const stranger = await CertificateOffice.make("stranger ");
  registry.lists = () => office.lists({ signedBy: stranger });
  assert.equal(await openVisit("fail closed", { certificate }), "UNAVAILABLE");
  registry.lists = () => office.lists({ time: now });
  assert.equal(await openVisit("fail closed", { certificate }), "OK");
});

test("H-16: a patient opens a visit; the list is kept for a minute, and serves on while the registry is away", async () => {
  const certificate = await certificateOf("patient");
  const { asked } = registry;
  assert.equal(await openVisit("cached", { certificate }), "OK");
  assert.equal(registry.asked, asked);
  assert.equal(await openVisit("cached", { certificate }), "REPLAYED");
  registry.lists = undefined;
  now += 61_000;
  assert.equal(await openVisit("registry away", { certificate }), "OK");
  assert.equal(registry.asked, asked + 1);
  registry.lists = () => office.lists({ time: now });
});

test("H-16: a revoked certificate is refused at most a minute later", async () => {
  const issued = await office.issue("patient");
  office.revoke(issued);
  now += 61_000;
  assert.equal(await openVisit("revoked", { certificate: issued.der }), "CERTIFICATE_NOT_LIVE");
});

test("H-16: certificates that are none of the federation's patients' are refused", async () => {
  const stranger = await CertificateOffice.make("stranger ");
  const forged = await office.issue("patient", { issuer: stranger.care });
  assert.equal(await openVisit("forged", { certificate: forged.der }), "CERTIFICATE_INVALID");
  const doctor = await certificateOf("patient", "doctor");
  assert.equal(await openVisit("doctor", { certificate: doctor }), "CERTIFICATE_INVALID");
  const broken = Uint8Array.from(await certificateOf("patient"));
  broken[broken.length - 1]! ^= 1;
  assert.equal(await openVisit("broken", { certificate: broken }), "CERTIFICATE_INVALID");
  assert.equal(
    await openVisit("no DER", { certificate: utf8("certificate") }),
    "CERTIFICATE_INVALID",
  );
  const root = office.cas.find(({ id }) => id === "root")!.der;
  assert.equal(await openVisit("the root itself", { certificate: root }), "CERTIFICATE_INVALID");
  const year = 365 * 24 * 3_600_000;
  const old = await office.issue("patient", { time: now - 6 * year });
  assert.equal(await openVisit("expired", { certificate: old.der }), "CERTIFICATE_NOT_LIVE");
});

test("H-16: the certified signature must be this patient's over this visit", async () => {
  const certificate = await certificateOf("patient");
  const rows = [
    { when: "another patient's", signature: certified("mallory", "swapped") },
    { when: "over another visit", signature: certified("patient", "another") },
    { when: "none", signature: new Uint8Array(64) },
  ];
  for (const { when, signature } of rows)
    assert.equal(
      await openVisit("swapped", { certificate, certified: signature }),
      "SIGNATURE_INVALID",
      when,
    );
});

test("H-16: only a session.open, sealed to this node for this chain", async () => {
  const certificate = await certificateOf("patient");
  const { care } = federation;
  const other = federation.slip(
    care,
    "record.confirm",
    { key: keyOf("x").publicKey, record: new Uint8Array(32), digest: new Uint8Array(32) },
    keyOf("x"),
  );
  assert.equal(await openVisit("other kind", { certificate, slip: other.bytes }), "BAD_REQUEST");
  assert.equal(
    await openVisit("other chain", { certificate, aad: "another-chain" }),
    "BAD_REQUEST",
  );
  assert.equal(await openVisit("garbage", { certificate, slip: utf8("slip") }), "SLIP_MALFORMED");
});
