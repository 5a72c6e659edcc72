/** D30: the registry says whose a visit is to two officers together, and to nobody alone. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openWith, sealTo } from "@anamnesis/crypto/box";
import { sign } from "@anamnesis/crypto/sign";
import { fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { proveSlip } from "@anamnesis/ledger";
import {
  agreeToTrace,
  consortiumOf,
  encodeSlipProof,
  fingerprintOf,
  hpkeInfo,
  makeHead,
  pidOf,
  traceDocument,
  traceRequest,
  traceSubject,
  tracedAnswer,
  vouched,
} from "@anamnesis/protocol";
import type { Pid, TraceRequest } from "@anamnesis/protocol";
import { authority, hospital, otherHospital } from "@anamnesis/testing/federation";
import { keyOf, signer } from "@anamnesis/testing/keys";
import {
  attested,
  enrolled,
  newDevice,
  openEnrolled,
  post,
  registeredBy,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import type { Device, Federation } from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { TestChain, certificateFields } from "@anamnesis/testing/testChain";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { issueCertificate } from "./certificates.ts";
import { issueRegistrar, readTraces } from "./operator.ts";
import { openRegistry } from "./registry.ts";

const federation = await startFederation();
after(() => federation.stop());
const genesis = consortiumOf(federation.trust);
const chain = new TestChain(genesis);

type Person = Device & { readonly der: Uint8Array; readonly fingerprint: Uint8Array };

/** Enrols an officer of an institution, and puts the certificate on the consortium. */
async function officerOf(institution: string, registrar: Federation["registrar"]): Promise<Person> {
  const device = await newDevice();
  const name = `Officer ${toHex(device.keys.publicKey).slice(0, 8)}`;
  const person = {
    role: "officer",
    name,
    identifier: name,
    institution,
    registrar: fromHex(fingerprintOf(registrar.der)),
  } as const;
  const answer = await post(
    federation,
    "/enrolments",
    await attested(federation, device, person, registrar.keys),
  );
  const der = (await openEnrolled(device, answer)).certificate;
  const fingerprint = fromHex(fingerprintOf(der));
  const fields = {
    ...certificateFields(name, { role: "officer", institution }),
    fingerprint,
    signingKey: device.keys.publicKey,
  };
  commit(chain.slip("identity.certify", fields, keyOf("care")));
  return { ...device, der, fingerprint };
}
function commit(slip: MadeSlip): void {
  const { results } = chain.unverifiedBlock([chain.group([slip])]);
  assert.deepEqual(
    results[0]?.map(({ code }) => code),
    ["OK"],
  );
}
async function authoritysRegistrar(): Promise<Federation["registrar"]> {
  const device = await newDevice();
  const person = { institution: authority, name: "R", identifier: "R" };
  const { certificate } = await issueRegistrar(federation.config, {
    ...person,
    request: device.request,
    boxKey: device.box.publicKey,
    ...registeredBy(keyOf(authority).secretKey, device, { ...person, role: "registrar" }),
  });
  return { ...device, der: certificate };
}

const ours = await officerOf(hospital, federation.registrar);
const theirs = await officerOf(authority, await authoritysRegistrar());
const strange = await officerOf(otherHospital, federation.otherRegistrar);
const patient = await newDevice();
const patientsDer = await enrolled(federation, patient, { identifier: "ID-77" });

/** A visit of the patient, or of another, and what the hospital's node keeps of it. */
async function visitOf(
  label: string,
  { secretKey } = patient.keys,
  certificate = patientsDer,
): Promise<{ readonly pid: Pid; readonly trace: Uint8Array }> {
  const pid = pidOf(keyOf(label).publicKey);
  const certified = sign({ type: "PATIENT-VISIT", message: vouched(pid), secretKey });
  const plaintext = traceDocument.encode({ v: 1, certificate, certified });
  const publicKey = genesis.consortium.registry.traceKey;
  const trace = await sealTo({ publicKey, info: hpkeInfo.trace, aad: fromHex(pid), plaintext });
  return { pid, trace };
}

/** The order of both officers as it stands on the chain, proved under these heads. */
function orderFor(pid: Pid, salt: Uint8Array, heads: readonly string[] = [hospital, authority]) {
  const about = {
    cert: ours.fingerprint,
    case: "case 7",
    subject: traceSubject(pid, salt),
  };
  const agreed = agreeToTrace(chain.genesis.chain, about, signer(theirs.keys));
  const fields = { ...about, second: theirs.fingerprint, agreed };
  const slip = chain.slip("identity.trace", fields, ours.keys);
  commit(slip);
  return proofOf(slip, heads);
}
function proofOf({ id }: MadeSlip, heads: readonly string[]): Uint8Array {
  const { height, appHash, time } = chain;
  const proof = proveSlip(chain.state, { chain: genesis.chain, height }, id)!;
  const head = { chain: genesis.chain, height, appHash, time };
  const signed = heads.map((institution) =>
    makeHead({ ...head, institution: institution as typeof hospital }, signer(keyOf(institution))),
  );
  return encodeSlipProof({ ...proof, heads: signed });
}

async function ask(officer: Person, request: Omit<TraceRequest, "v">): Promise<Response> {
  const body = await sealTo({
    publicKey: federation.boxKey,
    info: hpkeInfo.traceRequest,
    aad: new Uint8Array(0),
    plaintext: traceRequest.encode({ v: 1, ...request }),
  });
  const path = "/traces";
  const signed = { method: "POST", path, body };
  const keyId = fingerprintOf(officer.der);
  return post(
    federation,
    path,
    body,
    signedHeaders(federation, signed, keyId, officer.keys.secretKey),
  );
}

const salt = randomBytes(32);
const visit = await visitOf("visit");
const proof = orderFor(visit.pid, salt);
const asked = { ...visit, salt, proof };

test("R-32: each of the two officers is told whose the visit is, and the log says so", async () => {
  for (const officer of [ours, theirs]) {
    federation.clock.now += 1;
    const sealed = new Uint8Array(await (await ask(officer, asked)).arrayBuffer());
    const { secretKey } = officer.box;
    const aad = new Uint8Array(0);
    const told = tracedAnswer.decode(
      await openWith({ secretKey, info: hpkeInfo.traced, aad, sealed }),
    );
    assert.deepEqual(
      [told.identifier, told.institution, told.fingerprint],
      ["ID-77", hospital, fingerprintOf(patientsDer)],
    );
  }
  const log = await readTraces(federation.config);
  assert.deepEqual(
    log.map((entry) => [entry.case, entry.officer]),
    [
      ["case 7", fingerprintOf(ours.der)],
      ["case 7", fingerprintOf(theirs.der)],
    ],
  );
});

test("R-32: who did not order it, or for another visit, is told nothing, and nothing is logged", async () => {
  const before = (await readTraces(federation.config)).length;
  const other = await visitOf("other visit");
  const request = chain.slip(
    "access.request",
    { cert: ours.fingerprint, body: randomBytes(32), refusal: randomBytes(32) },
    ours.keys,
  );
  commit(request);
  const rows = [
    ["another officer", strange, asked, "FORBIDDEN"],
    ["another visit under the same order", ours, { ...asked, ...other }, "FORBIDDEN"],
    ["another salt", ours, { ...asked, salt: randomBytes(32) }, "FORBIDDEN"],
    [
      "another slip",
      ours,
      { ...asked, proof: proofOf(request, [hospital, authority]) },
      "FORBIDDEN",
    ],
    [
      "one head",
      ours,
      { ...asked, proof: orderFor(visit.pid, salt, [authority]) },
      "PROOF_INVALID",
    ],
    ["what a node sealed for another visit", ours, { ...asked, trace: other.trace }, "E_DECRYPT"],
  ] as const;
  for (const [when, officer, sent, want] of rows)
    assert.equal(await codeOf(await ask(officer, sent)), want, when);
  assert.equal((await readTraces(federation.config)).length, before);
});

test("R-32: a visit of somebody whom the registry did not enrol is nobody's here", async (t) => {
  const { authorities, store } = await openRegistry(federation.config);
  t.after(() => store.close());
  const { keys, box } = await newDevice();
  const subject = {
    role: "patient",
    name: "",
    institution: hospital,
    signingKey: keys.publicKey,
    boxKey: box.publicKey,
  } as const;
  const { der } = await issueCertificate(authorities.care, subject, federation.clock.now);
  const unknown = await visitOf("a stranger's visit", keys, der);
  const request = { ...unknown, salt, proof: orderFor(unknown.pid, salt) };
  assert.equal(await codeOf(await ask(ours, request)), "NOT_FOUND");
});
