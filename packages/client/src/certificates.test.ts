/** Whose certificate counts, as a device judges it without believing a node or the registry. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import type { CertificateView, Role, Trust } from "@anamnesis/protocol";
import { readCertificate } from "@anamnesis/protocol";
import { CertificateOffice } from "@anamnesis/testing/certificateOffice";
import { genesisTime, hospital, makeTrust } from "@anamnesis/testing/federation";
import {
  isLive,
  verifyCertificate,
  verifyCertificateView,
  verifyPatientCertificate,
} from "./certificates.ts";

suite("certificates", () => {
  let office: CertificateOffice;
  let trust: Trust;

  before(async () => {
    office = await CertificateOffice.make("judged ", genesisTime);
    trust = makeTrust({ cas: office.cas });
  });

  const issued = async (role: Role, by: "care" | "thirdParties" = "care") =>
    (await office.issue(`a ${role}`, { role, time: genesisTime, issuer: office[by] })).der;

  /** What an honest chain says of a doctor's certificate. */
  async function view(): Promise<CertificateView> {
    const der = await issued("doctor");
    const { serial: _, ...certificate } = readCertificate(der, office.cas);
    const of = { institution: hospital, der, revokedAt: 0, suspendedUntil: 0 };
    return { ...certificate, ...of } as unknown as CertificateView;
  }

  test("verifyPatientCertificate() takes a patient's by the care authority and nobody else's", async () => {
    const take = (der: Uint8Array) => verifyPatientCertificate(trust, der, genesisTime);
    assert.equal(take(await issued("patient")).role, "patient");
    const refused = { code: "CERTIFICATE_INVALID" };
    for (const der of [await issued("doctor"), await issued("patient", "thirdParties")])
      assert.throws(() => take(der), refused);
    const stranger = await CertificateOffice.make("stranger ", genesisTime);
    const { der } = await stranger.issue("a patient", { time: genesisTime });
    assert.throws(() => take(der), refused);
  });

  test("a certificate counts from its first millisecond to its last, where a time is asked about", async () => {
    const der = await issued("patient");
    const { validFrom, validTo } = verifyCertificate(trust, der);
    const dead = { code: "CERTIFICATE_NOT_LIVE" };
    for (const verify of [verifyCertificate, verifyPatientCertificate]) {
      for (const now of [validFrom, validTo]) verify(trust, der, now);
      for (const now of [validFrom - 1, validTo + 1])
        assert.throws(() => verify(trust, der, now), dead);
    }
  });

  test("verifyCertificateView() refuses a chain that says otherwise than the certificate", async () => {
    const honest = await view();
    assert.equal(verifyCertificateView(trust, honest), honest);
    const changes: readonly Partial<CertificateView>[] = [
      { fingerprint: "0".repeat(64) as CertificateView["fingerprint"] },
      { name: "Dr House" },
      { signingKey: new Uint8Array(32) },
      { validTo: honest.validTo + 1 },
      { der: honest.der.with(-1, honest.der.at(-1)! ^ 1) },
    ];
    for (const change of changes)
      assert.throws(() => verifyCertificateView(trust, { ...honest, ...change }), {
        code: "AUTHOR_UNVERIFIED",
      });
  });

  test("isLive() is so inside the period, unless revoked or suspended, to the millisecond", async () => {
    const { validFrom, validTo, ...rest } = await view();
    const now = genesisTime;
    const rows: readonly [Partial<CertificateView>, boolean][] = [
      [{}, true],
      [{ validFrom: now, validTo: now }, true],
      [{ validFrom: now + 1 }, false],
      [{ validTo: now - 1 }, false],
      [{ revokedAt: now + 1 }, true],
      [{ revokedAt: now }, false],
      [{ revokedAt: 1 }, false],
      [{ suspendedUntil: now }, true],
      [{ suspendedUntil: now + 1 }, false],
    ];
    for (const [change, isSo] of rows)
      assert.equal(
        isLive({ ...rest, validFrom, validTo, ...change }, now),
        isSo,
        JSON.stringify(change),
      );
  });
});
