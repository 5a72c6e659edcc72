/** What an authority must never sign, signed by it all the same: readers refuse each, a CA's certificate as a person's first of all. */
import "reflect-metadata";
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { DirectoryString } from "@peculiar/asn1-x509";
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { concat, fromHex, randomBytes, toHex } from "@anamnesis/crypto/verify";
import {
  boxKeyOid,
  certificateInDate,
  checkStatedFields,
  institutionOid,
  readCertificate,
  roleOid,
} from "@anamnesis/protocol";
import { CertificateOffice } from "@anamnesis/testing/certificateOffice";
import { boxKeyOf, keyOf } from "@anamnesis/testing/keys";
import { commonName, ed25519, newSerial, publicKeyOf } from "./authority.ts";

const office = await CertificateOffice.make();

const constraints = (isCa: boolean) => new BasicConstraintsExtension(isCa, undefined, true);
const usage = (flags: KeyUsageFlags) => new KeyUsagesExtension(flags, true);
const extension = (oid: string, value: OctetString | DirectoryString, isCritical = false) =>
  new Extension(oid, isCritical, AsnConvert.serialize(value));
const text = (utf8String: string) => new DirectoryString({ utf8String });
const boxKey = (bytes = boxKeyOf("ada")) => extension(boxKeyOid, new OctetString(bytes));
const role = (name = "doctor") => extension(roleOid, text(name));
const institution = extension(institutionOid, text("general-hospital"));
const signs = usage(KeyUsageFlags.digitalSignature);

interface Certified {
  readonly extensions?: readonly Extension[];
  readonly subject?: Name;
  readonly key?: Uint8Array;
}
const honest = [constraints(false), signs, boxKey(), role(), institution];

async function signed({ extensions = honest, subject, key }: Certified): Promise<Uint8Array> {
  const certificate = await X509CertificateGenerator.create({
    serialNumber: newSerial(),
    issuer: office.care.certificate.subjectName,
    subject: subject ?? commonName("Dr. Ada"),
    notBefore: new Date(Date.UTC(2026, 0)),
    notAfter: new Date(Date.UTC(2027, 0)),
    publicKey: await publicKeyOf(key ?? keyOf("ada").publicKey),
    signingKey: office.care.signingKey,
    signingAlgorithm: ed25519,
    extensions: [...extensions],
  });
  return new Uint8Array(certificate.rawData);
}

const rows: readonly (Certified & { readonly when: string })[] = [
  { when: "it is a CA's", extensions: [constraints(true), ...honest.slice(1)] },
  {
    when: "its key may only certify",
    extensions: [
      honest[0]!,
      usage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign),
      ...honest.slice(2),
    ],
  },
  { when: "its use is not said", extensions: [honest[0]!, ...honest.slice(2)] },
  {
    when: "an extension is critical that nobody knows",
    extensions: [...honest, extension("1.3.6.1.4.1.99999.1", text("x"), true)],
  },
  { when: "it has no role", extensions: [constraints(false), signs, boxKey(), institution] },
  {
    when: "its role is none of the federation's",
    extensions: [constraints(false), signs, boxKey(), role("emperor")],
  },
  {
    when: "its institution is written in another alphabet",
    extensions: [
      ...honest.slice(0, 4),
      extension(institutionOid, new DirectoryString({ printableString: "general-hospital" })),
    ],
  },
  { when: "it has two roles", extensions: [...honest, role("registrar")] },
  { when: "it has no X-Wing key", extensions: [constraints(false), signs, role()] },
  {
    when: "its X-Wing key is a byte short",
    extensions: [constraints(false), signs, boxKey(randomBytes(1215)), role()],
  },
  {
    when: "its key is of small order",
    key: fromHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
  },
  { when: "it has no name", subject: new Name([{ O: ["somewhere"] }]) },
  { when: "it has two names", subject: new Name([{ CN: ["Ada"] }, { CN: ["Grace"] }]) },
];

test("readCertificate() takes what fits the profile, with or without what may be left out", async () => {
  assert.equal(readCertificate(await signed({}), office.cas).name, "Dr. Ada");
  const more = await signed({
    extensions: [...honest, extension("1.3.6.1.4.1.99999.1", text("x"))],
  });
  assert.equal(readCertificate(more, office.cas).name, "Dr. Ada");
  const without = await signed({ extensions: honest.slice(1) });
  assert.equal(readCertificate(without, office.cas).role, "doctor");
});

test("readCertificate() refuses what care ought never to sign", async (t) => {
  for (const { when, ...certified } of rows) {
    await t.test(when, async () => {
      const der = await signed(certified);
      assert.throws(() => readCertificate(der, office.cas), { code: "CERTIFICATE_INVALID" });
    });
  }
});

test("readCertificate() refuses the authorities' own certificates as a person's", () => {
  for (const { certificate } of [office.care, office.thirdParties])
    assert.throws(() => readCertificate(new Uint8Array(certificate.rawData), office.cas), {
      code: "CERTIFICATE_INVALID",
    });
});

/** `id-Ed25519` and `id-Ed448` as DER, of one length. */
const [ed25519Id, ed448Id] = ["06032b6570", "06032b6571"];

/** The certificate with its nth `id-Ed25519` replaced, signed by care over that; the third stands beside the signature. */
async function naming(der: Uint8Array, changed: readonly number[]): Promise<Uint8Array> {
  let nth = 0;
  const hex = toHex(der).replaceAll(ed25519Id!, (id) =>
    changed.includes((nth += 1)) ? ed448Id! : id,
  );
  assert.equal(nth, 3);
  const bytes = fromHex(hex);
  const tbs = bytes.slice(4, 8 + ((bytes[6]! << 8) | bytes[7]!));
  const signature = await webcrypto.subtle.sign("Ed25519", office.care.signingKey, tbs);
  return concat(bytes.subarray(0, -64), new Uint8Array(signature));
}

test("readCertificate() refuses another algorithm by name, though Ed25519 was signed with", async () => {
  const der = await signed({});
  assert.equal(readCertificate(await naming(der, []), office.cas).name, "Dr. Ada");
  for (const changed of [[1], [2], [3], [1, 3]]) {
    const other = await naming(der, changed);
    assert.throws(() => readCertificate(other, office.cas), { code: "CERTIFICATE_INVALID" });
  }
});

test("checkStatedFields() refuses each field that the chain states otherwise", async () => {
  const certificate = readCertificate(await signed({}), office.cas);
  const stated = { ...certificate, institution: "general-hospital" };
  checkStatedFields(certificate, stated);
  for (const change of [
    { issuer: "third-parties" },
    { name: "Dr. Eve" },
    { role: "registrar" },
    { institution: "city-hospital" },
    { signingKey: keyOf("eve").publicKey },
    { boxKey: boxKeyOf("eve") },
    { validFrom: stated.validFrom - 1 },
    { validTo: stated.validTo + 1 },
  ])
    assert.throws(() => checkStatedFields(certificate, { ...stated, ...change }), {
      code: "CERTIFICATE_INVALID",
    });
});

test("certificateInDate() admits from the first to the last millisecond", () => {
  const period = { validFrom: 1_000, validTo: 2_000 };
  const admitted = [999, 1_000, 1_500, 2_000, 2_001].filter((time) =>
    certificateInDate(period, time),
  );
  assert.deepEqual(admitted, [1_000, 1_500, 2_000]);
});
