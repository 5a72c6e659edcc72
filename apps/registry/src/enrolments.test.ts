import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sealTo } from "@anamnesis/crypto/box";
import { signingKeypair } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import {
  hpkeInfo,
  fingerprintOf,
  readCertificate,
  registeredInput,
  checkStatedFields,
} from "@anamnesis/protocol";
import type { Attestation, Slip } from "@anamnesis/protocol";
import { hospital, otherHospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import {
  attested,
  enrolled,
  newDevice,
  openEnrolled,
  post,
  registeredBy,
  sealedFor,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { issueRegistrar } from "./operator.ts";

const federation = await startFederation();
after(() => federation.stop());
const doctor: Partial<Attestation> = { role: "doctor", name: "Dr. Ada" };

let count = 1000;
const identifier = (): string => `ID-${(count += 1)}`;

const certifySlips = (fingerprint: string): Extract<Slip, { kind: "identity.certify" }>[] =>
  federation.node.slips
    .filter((slip) => slip.kind === "identity.certify")
    .filter(({ fields }) => toHex(fields.fingerprint) === fingerprint);

test("a patient gets a certificate without a name, and no chain hears of it", async () => {
  const device = await newDevice();
  const der = await enrolled(federation, device, { identifier: identifier() });
  const read = readCertificate(der, federation.cas);
  assert.equal(read.role, "patient");
  assert.equal(read.issuer, "care");
  assert.deepEqual(read.signingKey, device.keys.publicKey);
  assert.deepEqual(read.boxKey, device.box.publicKey);
  assert.deepEqual(certifySlips(read.fingerprint), []);
});

test("a doctor's certificate stands on both chains when it is handed over, and its fields are those of the DER", async () => {
  const device = await newDevice();
  const der = await enrolled(federation, device, { ...doctor, identifier: identifier() });
  const slips = certifySlips(fingerprintOf(der));
  assert.deepEqual(
    slips.map(({ chain }) => chain),
    ["test-general-hospital", "test-consortium"],
  );
  const { publicKey } = federation.registrar.keys;
  for (const slip of slips) {
    const { fields } = slip;
    const { registered: signature } = fields;
    assert.ok(verifySignatureRaw({ publicKey, message: registeredInput(slip), signature }));
    assert.deepEqual(fields.registrar, fromHex(fingerprintOf(federation.registrar.der)));
    assert.deepEqual(fields.der, der);
    checkStatedFields(readCertificate(der, federation.cas), fields);
  }
});

test("one real identity is enrolled once as patient and once in each role at an institution", async () => {
  const one = identifier();
  await enrolled(federation, await newDevice(), { identifier: one });
  const again = await post(
    federation,
    "/enrolments",
    await attested(federation, await newDevice(), { identifier: one }),
  );
  assert.equal(again.status, 409);
  assert.equal(await codeOf(again), "ALREADY_ENROLLED");
  const elsewhere = await attested(
    federation,
    await newDevice(),
    {
      identifier: one,
      institution: otherHospital,
      registrar: fromHex(fingerprintOf(federation.otherRegistrar.der)),
    },
    federation.otherRegistrar.keys,
  );
  assert.equal(await codeOf(await post(federation, "/enrolments", elsewhere)), "ALREADY_ENROLLED");

  await enrolled(federation, await newDevice(), { ...doctor, identifier: one });
  const twice = await attested(federation, await newDevice(), { ...doctor, identifier: one });
  assert.equal(await codeOf(await post(federation, "/enrolments", twice)), "ALREADY_ENROLLED");
  const desk = await enrolled(federation, await newDevice(), {
    ...doctor,
    role: "desk",
    identifier: one,
  });
  assert.equal(readCertificate(desk, federation.cas).role, "desk");
});

test("an identifier is the same in every composition of its characters", async () => {
  const number = identifier();
  await enrolled(federation, await newDevice(), { identifier: `Z\u00fcrich ${number}` });
  const decomposed = { identifier: `Zu\u0308rich ${number}` };
  const again = await attested(federation, await newDevice(), decomposed);
  assert.equal(await codeOf(await post(federation, "/enrolments", again)), "ALREADY_ENROLLED");
});

test("certificates share no key: one that is certified is refused for another identity", async () => {
  const device = await newDevice();
  await enrolled(federation, device, { identifier: identifier() });
  const shared = await attested(federation, device, { ...doctor, identifier: identifier() });
  assert.equal(await codeOf(await post(federation, "/enrolments", shared)), "ALREADY_ENROLLED");
});

test("an enrolment whose answer was lost gives the same certificate again", async () => {
  const device = await newDevice();
  const one = identifier();
  const first = await enrolled(federation, device, { ...doctor, identifier: one });
  assert.deepEqual(await enrolled(federation, device, { ...doctor, identifier: one }), first);
  assert.equal(certifySlips(fingerprintOf(first)).length, 2);
});

test("attestations that do not count are refused, each with its code", async (t) => {
  const device = await newDevice();
  const doctorDevice = await newDevice();
  const doctorDer = await enrolled(federation, doctorDevice, {
    ...doctor,
    identifier: identifier(),
  });
  const { now } = federation.clock;
  const rows: {
    when: string;
    change: Partial<Attestation>;
    identifier?: string;
    signer?: { secretKey: Uint8Array };
    want: string;
  }[] = [
    {
      when: "a stranger signs",
      change: {},
      signer: (await newDevice()).keys,
      want: "SIGNATURE_INVALID",
    },
    {
      when: "the registrar is not ours",
      change: { registrar: randomBytes(32) },
      want: "CERTIFICATE_NOT_LIVE",
    },
    {
      when: "a doctor attests",
      change: { registrar: fromHex(fingerprintOf(doctorDer)) },
      signer: doctorDevice.keys,
      want: "NOT_FOR_THIS_ROLE",
    },
    {
      when: "for another institution",
      change: { institution: otherHospital },
      want: "NOT_FOR_THIS_ROLE",
    },
    {
      when: "a registrar makes a registrar",
      change: { role: "registrar", name: "R" },
      want: "NOT_FOR_THIS_ROLE",
    },
    {
      when: "the registrar signed for another's keys",
      change: registeredBy(federation.registrar.keys.secretKey, doctorDevice, {
        institution: hospital,
        role: "patient",
        name: "",
        identifier: "ID-OTHER-KEYS",
      }),
      identifier: "ID-OTHER-KEYS",
      want: "REGISTRATION_INVALID",
    },
    {
      when: "the registrar signed for another identifier",
      change: { salt: randomBytes(32) },
      want: "REGISTRATION_INVALID",
    },
    { when: "a patient with a name", change: { name: "Grace" }, want: "BAD_REQUEST" },
    { when: "a doctor without one", change: { role: "doctor", name: "" }, want: "BAD_REQUEST" },
    { when: "no identifier", change: { identifier: "" }, want: "BAD_REQUEST" },
    { when: "attested long ago", change: { time: now - 25 * 3_600_000 }, want: "BAD_REQUEST" },
    { when: "attested in the future", change: { time: now + 3_600_000 }, want: "BAD_REQUEST" },
    { when: "a request of nobody", change: { request: randomBytes(80) }, want: "BAD_REQUEST" },
    {
      when: "another's request, cut",
      change: { request: device.request.slice(0, -1) },
      want: "BAD_REQUEST",
    },
  ];
  for (const { when, change, signer, identifier: attestedId, want } of rows) {
    await t.test(when, async () => {
      const body = await attested(
        federation,
        device,
        { identifier: attestedId ?? identifier(), ...change },
        signer,
      );
      assert.equal(await codeOf(await post(federation, "/enrolments", body)), want);
    });
  }
});

test("what is not sealed to the registry, or is no attestation, is refused", async () => {
  assert.equal(
    await codeOf(await post(federation, "/enrolments", randomBytes(3_000))),
    "E_DECRYPT",
  );
  assert.equal(await codeOf(await post(federation, "/enrolments", new Uint8Array(0))), "E_DECRYPT");
  const wrongInfo = await sealedFor(federation, hpkeInfo.contact, randomBytes(10));
  assert.equal(await codeOf(await post(federation, "/enrolments", wrongInfo)), "E_DECRYPT");
  const noise = await sealTo({
    publicKey: federation.boxKey,
    info: hpkeInfo.enrol,
    aad: new Uint8Array(0),
    plaintext: randomBytes(50),
  });
  assert.match(
    await codeOf(await post(federation, "/enrolments", noise)),
    /MALFORMED|NOT_CANONICAL/,
  );
  assert.equal(
    await codeOf(await post(federation, "/enrolments", randomBytes(100_000))),
    "TOO_LARGE",
  );
});

test("an expired registrar's certificate attests nothing", async () => {
  const own = await startFederation();
  try {
    own.clock.now += 3 * 365 * 24 * 3_600_000;
    const body = await attested(own, await newDevice());
    assert.equal(await codeOf(await post(own, "/enrolments", body)), "CERTIFICATE_NOT_LIVE");
  } finally {
    await own.stop();
  }
});

test("a chain that refuses undoes the enrolment; a silent one keeps it until it answers", async () => {
  const own = await startFederation();
  try {
    await until(() => own.node.slips.length === 4);
    const device = await newDevice();
    own.node.answer = "CARRIER_SUSPENDED";
    const refused = await post(own, "/enrolments", await attested(own, device, doctor));
    assert.equal(await codeOf(refused), "UNAVAILABLE");
    own.node.answer = "UNAVAILABLE";
    const silent = await post(own, "/enrolments", await attested(own, device, doctor));
    assert.equal(await codeOf(silent), "UNAVAILABLE");
    own.node.answer = "OK";
    await until(() => own.node.slips.length === 6);
    const der = await enrolled(own, device, doctor);
    assert.equal(
      own.node.slips.filter(
        ({ fields }) =>
          toHex((fields as { fingerprint: Uint8Array }).fingerprint) === fingerprintOf(der),
      ).length,
      2,
    );
  } finally {
    await own.stop();
  }
});

test("issueRegistrar() works before the registry runs; the chains hear of it once it does", async () => {
  await until(() => certifySlips(fingerprintOf(federation.registrar.der)).length === 2);
  const chains = certifySlips(fingerprintOf(federation.otherRegistrar.der)).map(
    ({ chain }) => chain,
  );
  assert.deepEqual(chains.toSorted(), ["test-city-hospital", "test-consortium"]);
});

test("issueRegistrar() works beside a running registry, once for one person", async () => {
  const device = await newDevice();
  const { dataDirectory, keyFile, trust } = federation.config;
  const second = {
    institution: hospital as string,
    role: "registrar",
    name: "Second",
    identifier: identifier(),
  };
  const issue = (made = device, person = second, by = keyOf(hospital)) =>
    issueRegistrar(
      { dataDirectory, keyFile, trust },
      {
        ...person,
        request: made.request,
        boxKey: made.box.publicKey,
        ...registeredBy(by.secretKey, made, person),
      },
    );
  await assert.rejects(issue(device, second, signingKeypair(randomBytes(32))), {
    code: "REGISTRATION_INVALID",
  });
  const { certificate: der } = await issue();
  await until(() => certifySlips(fingerprintOf(der)).length === 2);
  const person = await newDevice();
  const registrar = fromHex(fingerprintOf(der));
  const sealed = await post(
    federation,
    "/enrolments",
    await attested(federation, person, { registrar, identifier: identifier() }, device.keys),
  );
  const opened = await openEnrolled(person, sealed);
  assert.equal(readCertificate(opened.certificate, federation.cas).role, "patient");
  await assert.rejects(issue(await newDevice()), { code: "ALREADY_ENROLLED" });
  await assert.rejects(
    issue(person, { ...second, institution: "nowhere", identifier: identifier() }),
    {
      code: "BAD_REQUEST",
    },
  );
});

async function until(done: () => boolean): Promise<void> {
  for (let left = 250; !done(); left -= 1) {
    assert.ok(left > 0, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
