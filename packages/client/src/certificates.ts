import {
  AnamnesisError,
  certificateInDate,
  checkStatedFields,
  consortiumOf,
  readCertificate,
} from "@anamnesis/protocol";
import type { CertificateView, PersonCertificate, Trust } from "@anamnesis/protocol";

/**
 * Reads a certificate that an intermediate of the trust file issued. Revocation is not judged: only the chain or the
 * registry's list knows.
 *
 * @param now - Unix milliseconds at which it must be valid; `undefined` leaves the period to the caller.
 * @throws {AnamnesisError} CERTIFICATE_INVALID; CERTIFICATE_NOT_LIVE outside its period.
 */
export function verifyCertificate(trust: Trust, der: Uint8Array, now?: number): PersonCertificate {
  const certificate = readCertificate(der, consortiumOf(trust).cas);
  if (now !== undefined) assertInDate(certificate, now);
  return certificate;
}

/** @throws {AnamnesisError} CERTIFICATE_NOT_LIVE */
export function assertInDate(certificate: PersonCertificate, now: number): void {
  if (!certificateInDate(certificate, now))
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Certificate refused: it is not valid yet or not any more",
    );
}

/** A patient's certificate, which stands on no chain. @throws {AnamnesisError} CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE */
export function verifyPatientCertificate(
  trust: Trust,
  der: Uint8Array,
  now: number,
): PersonCertificate {
  const certificate = verifyCertificate(trust, der, now);
  if (certificate.role !== "patient" || certificate.issuer !== "care") {
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      "Certificate refused: want a patient's, by the care authority",
    );
  }
  return certificate;
}

/**
 * Verifies what a chain says about a certificate: the DER has this fingerprint, an intermediate issued it, and every
 * field beside it agrees.
 *
 * @throws {AnamnesisError} AUTHOR_UNVERIFIED
 */
export function verifyCertificateView(trust: Trust, view: CertificateView): CertificateView {
  try {
    const certificate = verifyCertificate(trust, view.der);
    if (certificate.fingerprint !== view.fingerprint)
      throw new AnamnesisError(
        "CERTIFICATE_INVALID",
        "Certificate refused: it has another fingerprint",
      );
    checkStatedFields(certificate, view);
  } catch (cause) {
    throw new AnamnesisError(
      "AUTHOR_UNVERIFIED",
      "The certificate on the chain is not one that this federation issued, or says otherwise than the chain",
      { cause },
    );
  }
  return view;
}

/** Whether the certificate counts at `now`: inside its period, not revoked by then, and not suspended. */
export const isLive = (view: CertificateView, now: number): boolean =>
  now >= view.validFrom &&
  now <= view.validTo &&
  (view.revokedAt === 0 || view.revokedAt > now) &&
  view.suspendedUntil <= now;
