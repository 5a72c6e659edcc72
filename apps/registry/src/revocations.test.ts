import "reflect-metadata";
import assert from "node:assert/strict";
import { hospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import { after, test } from "node:test";
import { X509Certificate, X509Crl } from "@peculiar/x509";
import { fromBase64url, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId, fingerprintOf, readCertificate } from "@anamnesis/protocol";
import type { Attestation } from "@anamnesis/protocol";
import {
  attested,
  enrolled,
  jsonBytes,
  newDevice,
  post,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";

const federation = await startFederation();
after(() => federation.stop());
let count = 0;

async function person(change: Partial<Attestation> = {}) {
  const device = await newDevice();
  const der = await enrolled(federation, device, { identifier: `ID-${(count += 1)}`, ...change });
  return { ...device, der };
}
const newDoctor = () => person({ role: "doctor", name: "Dr. Ada" });

function revoke(fingerprint: string, keyId: string, secretKey: Uint8Array): Promise<Response> {
  const body = jsonBytes({ fingerprint });
  return post(
    federation,
    "/revocations",
    body,
    signedHeaders(federation, { method: "POST", path: "/revocations", body }, keyId, secretKey),
  );
}
const byRegistrar = (der: Uint8Array, who = federation.registrar): Promise<Response> =>
  revoke(fingerprintOf(der), fingerprintOf(who.der), who.keys.secretKey);

/** Serials on a list, after its signature was checked under the CA of genesis. */
async function revokedSerials(list: "care" | "thirdParties"): Promise<string[]> {
  const answer = (await (await fetch(`${federation.registry.address}/crl`)).json()) as Record<
    string,
    string
  >;
  const crl = new X509Crl(Uint8Array.from(fromBase64url(answer[list]!)));
  const ca = federation.cas.find(({ id }) => id === (list === "care" ? "care" : "third-parties"))!;
  assert.ok(
    await crl.verify({ publicKey: new X509Certificate(Uint8Array.from(ca.der)).publicKey }),
  );
  assert.ok(crl.nextUpdate!.getTime() > Date.now());
  return crl.entries.map(({ serialNumber }) => serialNumber);
}
const serialOf = (der: Uint8Array): string => toHex(readCertificate(der, federation.cas).serial);
const revokeSlips = (der: Uint8Array) =>
  federation.node.slips
    .filter((slip) => slip.kind === "identity.revoke")
    .filter(({ fields }) => toHex(fields.fingerprint) === fingerprintOf(der));

test("GET /ca and /crl answer the authorities and empty, signed lists", async (t) => {
  const own = await startFederation();
  t.after(() => own.stop());
  const ca = (await (await fetch(`${own.registry.address}/ca`)).json()) as Record<string, string>;
  for (const [name, id] of [
    ["root", "root"],
    ["care", "care"],
    ["thirdParties", "third-parties"],
  ] as const) {
    const pem = new X509Certificate(ca[name]!);
    assert.deepEqual(new Uint8Array(pem.rawData), own.cas.find((key) => key.id === id)!.der);
  }
  const lists = (await (await fetch(`${own.registry.address}/crl`)).json()) as Record<
    string,
    string
  >;
  for (const list of Object.values(lists))
    assert.equal(new X509Crl(Uint8Array.from(fromBase64url(list))).entries.length, 0);
});

test("a doctor's certificate is on the list at once and revoked on both chains", async () => {
  const doctor = await newDoctor();
  assert.ok(!(await revokedSerials("care")).includes(serialOf(doctor.der)));
  const answer = await byRegistrar(doctor.der);
  assert.deepEqual(await answer.json(), { revokedAt: federation.clock.now });
  assert.ok((await revokedSerials("care")).includes(serialOf(doctor.der)));
  assert.ok(!(await revokedSerials("thirdParties")).includes(serialOf(doctor.der)));
  assert.deepEqual(
    revokeSlips(doctor.der).map(({ chain }) => chain),
    ["test-general-hospital", "test-consortium"],
  );
});

test("a patient's revocation is on the list only: no chain hears of patients", async () => {
  const patient = await person();
  assert.equal((await byRegistrar(patient.der)).status, 200);
  assert.ok((await revokedSerials("care")).includes(serialOf(patient.der)));
  assert.equal(revokeSlips(patient.der).length, 0);
});

test("the institution's node key revokes too, and a second revocation changes nothing", async () => {
  const doctor = await newDoctor();
  const { publicKey, secretKey } = keyOf(hospital);
  const first = (await (
    await revoke(fingerprintOf(doctor.der), bareKeyId(publicKey), secretKey)
  ).json()) as { revokedAt: number };
  federation.clock.now += 5_000;
  assert.deepEqual(await (await byRegistrar(doctor.der)).json(), first);
  assert.equal(revokeSlips(doctor.der).length, 2);
});

test("strangers, doctors and other institutions revoke nothing", async () => {
  const [doctor, colleague] = [await newDoctor(), await newDoctor()];
  const stranger = await newDevice();
  assert.equal(await codeOf(await byRegistrar(doctor.der, federation.otherRegistrar)), "FORBIDDEN");
  assert.equal(
    await codeOf(
      await revoke(
        fingerprintOf(doctor.der),
        fingerprintOf(colleague.der),
        colleague.keys.secretKey,
      ),
    ),
    "FORBIDDEN",
  );
  assert.equal(
    await codeOf(
      await revoke(
        fingerprintOf(doctor.der),
        bareKeyId(stranger.keys.publicKey),
        stranger.keys.secretKey,
      ),
    ),
    "FORBIDDEN",
  );
  assert.equal(
    await codeOf(
      await revoke(
        fingerprintOf(doctor.der),
        fingerprintOf(federation.registrar.der),
        stranger.keys.secretKey,
      ),
    ),
    "SIGNATURE_INVALID",
  );
  assert.equal(
    await codeOf(
      await revoke(
        toHex(randomBytes(32)),
        fingerprintOf(federation.registrar.der),
        federation.registrar.keys.secretKey,
      ),
    ),
    "NOT_FOUND",
  );
  assert.equal(
    await codeOf(
      await revoke(
        "x",
        fingerprintOf(federation.registrar.der),
        federation.registrar.keys.secretKey,
      ),
    ),
    "MALFORMED",
  );
  assert.deepEqual(revokeSlips(doctor.der), []);
});

test("a revoked registrar attests and revokes nothing more", async (t) => {
  const own = await startFederation();
  t.after(() => own.stop());
  const { publicKey, secretKey } = keyOf(hospital);
  const body = jsonBytes({ fingerprint: fingerprintOf(own.registrar.der) });
  const headers = signedHeaders(
    own,
    { method: "POST", path: "/revocations", body },
    bareKeyId(publicKey),
    secretKey,
  );
  assert.equal((await post(own, "/revocations", body, headers)).status, 200);
  assert.equal(
    await codeOf(await post(own, "/enrolments", await attested(own, await newDevice()))),
    "CERTIFICATE_NOT_LIVE",
  );
  const again = signedHeaders(
    own,
    { method: "POST", path: "/revocations", body },
    fingerprintOf(own.registrar.der),
    own.registrar.keys.secretKey,
  );
  assert.equal(await codeOf(await post(own, "/revocations", body, again)), "FORBIDDEN");
});

test("a revocation that the chains do not take now is on the list now, and told to them later", async (t) => {
  const own = await startFederation();
  t.after(() => own.stop());
  const device = await newDevice();
  const der = await enrolled(own, device, { role: "doctor", name: "D" });
  own.node.answer = "UNAVAILABLE";
  const body = jsonBytes({ fingerprint: fingerprintOf(der) });
  const headers = signedHeaders(
    own,
    { method: "POST", path: "/revocations", body },
    fingerprintOf(own.registrar.der),
    own.registrar.keys.secretKey,
  );
  assert.equal(await codeOf(await post(own, "/revocations", body, headers)), "UNAVAILABLE");
  const lists = (await (await fetch(`${own.registry.address}/crl`)).json()) as { care: string };
  assert.equal(new X509Crl(Uint8Array.from(fromBase64url(lists.care))).entries.length, 1);
  own.node.answer = "OK";
  for (
    let left = 250;
    own.node.slips.filter(({ kind }) => kind === "identity.revoke").length < 2;
    left -= 1
  ) {
    assert.ok(left > 0, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});
