import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectoryString } from "@peculiar/asn1-x509";
import { concat, fromHex } from "@anamnesis/crypto/verify";
import { CertificateOffice } from "@anamnesis/testing/certificateOffice";
import { readCertificate } from "./certificate.ts";
import { readDer } from "./der.ts";

const office = await CertificateOffice.make();
const { der } = await office.issue("ada", { role: "doctor" });

/** The three parts of a certificate, whose outer header is four bytes long: only the first of them is signed. */
const content = der.subarray(4);
const signed = content.subarray(0, 4 + ((content[2]! << 8) | content[3]!));
const algorithm = fromHex("300506032b6570");
const signature = content.subarray(signed.length + algorithm.length);

const length = (bytes: number): Uint8Array => Uint8Array.of(bytes >> 8, bytes & 0xff);
const sequence = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = concat(...parts);
  return concat(fromHex("3082"), length(whole.length), whole);
};

test("R-26: readCertificate() takes one encoding of a certificate, so that it has one fingerprint", async (t) => {
  assert.deepEqual(sequence(signed, algorithm, signature), der);
  assert.equal(readCertificate(der, office.cas).name, "ada");
  const otherBits = signature.slice();
  otherBits[2] = 1;
  const rows: Readonly<Record<string, Uint8Array>> = {
    "a byte follows": concat(der, Uint8Array.of(0)),
    "a byte is missing": der.subarray(0, -1),
    "the length is longer than it must be": concat(fromHex("308300"), der.subarray(2)),
    "the length is indefinite": concat(fromHex("3080"), content, fromHex("0000")),
    "a part's length is longer than it must be": sequence(
      signed,
      fromHex("30810506032b6570"),
      signature,
    ),
    "a part is indefinite": sequence(signed, fromHex("308006032b65700000"), signature),
    "the signature's length is longer than it must be": sequence(
      signed,
      algorithm,
      fromHex("0381"),
      signature.subarray(1),
    ),
    "the signature says it has bits to spare": sequence(signed, algorithm, otherBits),
    "the signature is in pieces": sequence(signed, algorithm, fromHex("2343"), signature),
    "the algorithm has parameters": sequence(signed, fromHex("300706032b65700500"), signature),
    "a fourth part": sequence(signed, algorithm, signature, fromHex("0500")),
  };
  for (const [when, other] of Object.entries(rows)) {
    await t.test(when, () => {
      assert.throws(() => readCertificate(other, office.cas), { code: "CERTIFICATE_INVALID" });
    });
  }
});

test("R-26: readDer() refuses what is written otherwise than DER writes it", () => {
  assert.equal(readDer(fromHex("0c03616263"), DirectoryString).utf8String, "abc");
  const rows = {
    "a byte follows": "0c0361626300",
    "a byte is missing": "0c036162",
    "long form of a short length": "0c8103616263",
    "zeros before the length": "0c820003616263",
    "indefinite length": "2c800c036162630000",
    "text in pieces": "2c050c03616263",
    "not UTF-8": "0c01c3",
    nothing: "",
  };
  for (const [when, hex] of Object.entries(rows))
    assert.throws(() => readDer(fromHex(hex), DirectoryString), Error, when);
});
