import "reflect-metadata";
import assert from "node:assert/strict";
import { X509Certificate as OpenSslCertificate, createPublicKey } from "node:crypto";
import { test } from "node:test";
import { BasicConstraintsExtension } from "@peculiar/x509";
import { concat, fromHex, randomBytes } from "@anamnesis/crypto/verify";
import { checkStatedFields, readCertificate } from "@anamnesis/protocol";
import { authority, caKey, certifyAuthority } from "./authority.ts";
import type { Authority, AuthorityId } from "./authority.ts";
import { issueCertificate } from "./certificates.ts";
import type { Subject } from "./certificates.ts";
import { newDevice } from "@anamnesis/testing/registryFederation";

const now = Date.UTC(2026, 5, 1, 12, 0, 0, 345);

async function newAuthority(id: AuthorityId, issuer?: Authority): Promise<Authority> {
  const seed = randomBytes(32);
  return authority(id, seed, await certifyAuthority({ id, seed }, issuer, now));
}

const root = await newAuthority("root");
const care = await newAuthority("care", root);
const device = await newDevice();
const staff: Subject = {
  role: "doctor",
  name: 'Dr. "Ada", O=Röntgen\\,CN=x',
  institution: "general-hospital",
  signingKey: device.keys.publicKey,
  boxKey: device.box.publicKey,
};

test("issueCertificate() writes what the slip states, whatever characters a name has", async () => {
  const issued = await issueCertificate(care, staff, now);
  const read = readCertificate(issued.der, [caKey(root), caKey(care)]);
  checkStatedFields(read, { ...staff, ...issued, issuer: "care" });
  assert.equal(Buffer.from(read.serial).toString("hex"), issued.serial);
  assert.ok(issued.validFrom <= now - 60_000 && issued.validFrom % 1000 === 0);
});

test("issueCertificate() gives patients no name and no institution", async () => {
  const patient: Subject = { ...staff, role: "patient", name: "Grace Hopper" };
  const { der } = await issueCertificate(care, patient, now);
  const read = readCertificate(der, [caKey(care)]);
  assert.match(read.name, /^[0-9a-f]{32}$/);
  assert.equal(read.institution, undefined);
  assert.equal(read.role, "patient");
  assert.ok(!Buffer.from(der).includes("Grace") && !Buffer.from(der).includes("hospital"));
  assert.notEqual(
    readCertificate((await issueCertificate(care, patient, now)).der, [caKey(care)]).name,
    read.name,
  );
});

test("the chain from root to person verifies in another implementation", async () => {
  const parse = (der: ArrayBuffer | Uint8Array): OpenSslCertificate =>
    new OpenSslCertificate(Buffer.from(der as Uint8Array));
  const [rootCertificate, careCertificate] = [
    parse(root.certificate.rawData),
    parse(care.certificate.rawData),
  ];
  const person = parse((await issueCertificate(care, staff, now)).der);
  assert.ok(rootCertificate.verify(rootCertificate.publicKey) && rootCertificate.ca);
  assert.ok(
    careCertificate.verify(rootCertificate.publicKey) &&
      careCertificate.checkIssued(rootCertificate) &&
      careCertificate.ca,
  );
  assert.ok(
    person.verify(careCertificate.publicKey) && person.checkIssued(careCertificate) && !person.ca,
  );
  const spki = concat(fromHex("302a300506032b6570032100"), device.keys.publicKey);
  const key = createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  assert.ok(person.publicKey.equals(key));
});

test("a root signs itself and stands above one level, an intermediate is the root's and stands above none", async () => {
  const above = await newAuthority("root");
  const below = await newAuthority("care", above);
  const told = ({ certificate }: Authority) => [
    certificate.subject,
    certificate.issuer,
    certificate.getExtension(BasicConstraintsExtension)?.pathLength,
  ];
  assert.deepEqual(told(above), ["CN=Anamnesis Root", "CN=Anamnesis Root", 1]);
  assert.deepEqual(told(below), ["CN=Anamnesis Care", "CN=Anamnesis Root", 0]);
  const { publicKey } = above.certificate;
  for (const { certificate } of [above, below])
    assert.ok(await certificate.verify({ publicKey, signatureOnly: true }));
});

test("readers refuse certificates that care did not sign", async () => {
  const stranger = await newAuthority("care", await newAuthority("root"));
  const { der } = await issueCertificate(stranger, staff, now);
  assert.throws(() => readCertificate(der, [caKey(root), caKey(care)]), {
    code: "CERTIFICATE_INVALID",
  });
  const byRoot = await issueCertificate(root, staff, now);
  assert.throws(() => readCertificate(byRoot.der, [caKey(root), caKey(care)]), {
    code: "CERTIFICATE_INVALID",
  });
});
