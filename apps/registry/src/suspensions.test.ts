import "reflect-metadata";
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { X509Crl, X509CrlReason } from "@peculiar/x509";
import { fromBase64url, randomBytes, toHex } from "@anamnesis/crypto/verify";
import { bareKeyId, fingerprintOf, hpkeInfo, readCertificate } from "@anamnesis/protocol";
import { hospital } from "@anamnesis/testing/federation";
import { keyOf } from "@anamnesis/testing/keys";
import {
  enrolled,
  jsonBytes,
  newDevice,
  post,
  sealedFor,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import type { Device } from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { openRegistry } from "./registry.ts";
import { revocationList } from "./revocationLists.ts";
import { SealedStore } from "./sealedStore.ts";

const federation = await startFederation();
after(() => federation.stop());
const { clock, registrar, otherRegistrar } = federation;
const hour = 3_600_000;

let count = 0;
async function person(role: "patient" | "doctor" = "patient") {
  const device = await newDevice();
  const identifier = `ID-${(count += 1)}`;
  const name = role === "patient" ? "" : "Dr. Ada";
  return { ...device, der: await enrolled(federation, device, { identifier, role, name }) };
}
type Certified = Device & { readonly der: Uint8Array };

/** A signed request to the registry. */
function send(path: string, body: Uint8Array, keyId: string, { secretKey }: Device["keys"]) {
  const request = { method: "POST", path, body };
  return post(federation, path, body, signedHeaders(federation, request, keyId, secretKey));
}
const suspend = async (
  { der }: Certified,
  until: number,
  by: { readonly keyId: string; readonly keys: Device["keys"] } = {
    keyId: fingerprintOf(registrar.der),
    keys: registrar.keys,
  },
) => {
  const body = jsonBytes({ fingerprint: fingerprintOf(der), until });
  return codeOf(await send("/suspensions", body, by.keyId, by.keys));
};

/** Why a certificate stands on the list. */
async function reasonOf({ der }: Certified): Promise<X509CrlReason | undefined> {
  const answer = (await (await fetch(`${federation.registry.address}/crl`)).json()) as {
    care: string;
  };
  const crl = new X509Crl(Uint8Array.from(fromBase64url(answer.care)));
  const serial = toHex(readCertificate(der, federation.cas).serial);
  return crl.entries.find(({ serialNumber }) => serialNumber === serial)?.reason;
}

test("R-31: a patient's certificate is on the list as held until the hold ends or is lifted", async () => {
  const patient = await person();
  assert.equal(await suspend(patient, clock.now + hour), "OK");
  assert.equal(await reasonOf(patient), X509CrlReason.certificateHold);
  assert.equal(await suspend(patient, 0), "OK");
  assert.equal(await reasonOf(patient), undefined);
  assert.equal(await suspend(patient, clock.now + hour), "OK");
  clock.now += hour;
  assert.equal(await reasonOf(patient), undefined);
});

test("R-31: a hold lasts a day at most, and is the institution's to make", async () => {
  const patient = await person();
  for (const until of [clock.now, clock.now - 1, clock.now + 24 * hour + 1])
    assert.equal(await suspend(patient, until), "BAD_REQUEST");
  const until = clock.now + 24 * hour;
  const other = { keyId: fingerprintOf(otherRegistrar.der), keys: otherRegistrar.keys };
  assert.equal(await suspend(patient, until, other), "FORBIDDEN");
  const self = { keyId: fingerprintOf(patient.der), keys: patient.keys };
  assert.equal(await suspend(patient, until, self), "FORBIDDEN");
  assert.equal(await reasonOf(patient), undefined);
  const node = keyOf(hospital);
  assert.equal(
    await suspend(patient, until, { keyId: bareKeyId(node.publicKey), keys: node }),
    "OK",
  );
});

test("R-31: who is on hold looks nobody up", async () => {
  const doctor = await person("doctor");
  const look = async () => {
    const body = await sealedFor(federation, hpkeInfo.lookUp, new Uint8Array([0]));
    return codeOf(await send("/lookups", body, fingerprintOf(doctor.der), doctor.keys));
  };
  assert.notEqual(await look(), "CERTIFICATE_NOT_LIVE");
  await suspend(doctor, clock.now + hour);
  clock.now += hour - 1;
  assert.equal(await look(), "CERTIFICATE_NOT_LIVE");
  clock.now += 1;
  assert.notEqual(await look(), "CERTIFICATE_NOT_LIVE", "the hold has ended");
});

test("R-31: nothing is left of a hold that was lifted", async () => {
  const { store } = await openRegistry(federation.config);
  try {
    const before = store.values("hold").length;
    const patient = await person();
    await suspend(patient, clock.now + hour);
    assert.equal(store.values("hold").length, before + 1);
    await suspend(patient, 0);
    assert.equal(store.values("hold").length, before);
  } finally {
    await store.close();
  }
});

test("R-31: a hold is on the list of the authority that certified", async (t) => {
  const { authorities, store: theirs } = await openRegistry(federation.config);
  t.after(() => theirs.close());
  const store = new SealedStore(await temporaryFolder("registry-holds-"), randomBytes(32));
  t.after(() => store.close());
  const hold = { since: clock.now, until: clock.now + 1 };
  store.put({ serial: "4a", issuer: "care", ...hold }, "hold", "a");
  store.put({ serial: "4b", issuer: "third-parties", ...hold }, "hold", "b");
  for (const [id, serial] of [
    ["care", "4a"],
    ["third-parties", "4b"],
  ] as const)
    for (const [later, want] of [
      [0, [serial]],
      [1, []],
    ] as const) {
      const list = new X509Crl(
        Uint8Array.from(await revocationList(store, authorities[id], clock.now + later)),
      );
      assert.deepEqual(
        list.entries.map(({ serialNumber }) => serialNumber),
        want,
      );
    }
});

test("R-31: what is revoked stays so, on hold or not", async () => {
  const patient = await person();
  await suspend(patient, clock.now + hour);
  const body = jsonBytes({ fingerprint: fingerprintOf(patient.der) });
  await send("/revocations", body, fingerprintOf(registrar.der), registrar.keys);
  assert.equal(await reasonOf(patient), X509CrlReason.privilegeWithdrawn);
  await suspend(patient, 0);
  assert.equal(await reasonOf(patient), X509CrlReason.privilegeWithdrawn);
});
