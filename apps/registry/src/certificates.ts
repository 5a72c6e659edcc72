import "reflect-metadata";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { DirectoryString } from "@peculiar/asn1-x509";
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { boxKeyOid, institutionOid, roleOid } from "@anamnesis/protocol";
import type { Role } from "@anamnesis/protocol";
import { commonName, ed25519, newSerial, publicKeyOf } from "./authority.ts";
import type { Authority } from "./authority.ts";

const YEAR_MS = 365 * 24 * 3_600_000;
/** A certificate begins a little before it is issued, for clocks that are behind. */
const BACKDATED_MS = 5 * 60_000;
const lifetimeMs = (role: Role): number => (role === "patient" ? 5 : 2) * YEAR_MS;

/** Who a certificate is about. For patients `name` and `institution` stay out of it. */
export interface Subject {
  readonly role: Role;
  readonly name: string;
  readonly institution: string;
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** X-Wing, 1216 bytes. */
  readonly boxKey: Uint8Array;
}

export interface Issued {
  readonly der: Uint8Array;
  /** Hex. */
  readonly serial: string;
  /** Unix milliseconds, whole seconds. */
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * Issues an end-entity certificate (RFC 5280, Ed25519 by RFC 8410): digital signatures only, the X-Wing key and the
 * role in extensions of ours. Staff: name and institution. Patients: a random common name and nothing else.
 *
 * @param now - Unix milliseconds.
 */
export async function issueCertificate(
  issuer: Authority,
  subject: Subject,
  now: number,
): Promise<Issued> {
  const { role, name, institution, signingKey, boxKey } = subject;
  const isPatient = role === "patient";
  const serial = newSerial();
  const validFrom = wholeSeconds(now - BACKDATED_MS);
  const validTo = wholeSeconds(now + lifetimeMs(role));
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serial,
    issuer: issuer.certificate.subjectName,
    subject: commonName(isPatient ? toHex(randomBytes(16)) : name),
    notBefore: new Date(validFrom),
    notAfter: new Date(validTo),
    publicKey: await publicKeyOf(signingKey),
    signingKey: issuer.signingKey,
    signingAlgorithm: ed25519,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      extension(boxKeyOid, new OctetString(boxKey)),
      extension(roleOid, text(role)),
      ...(isPatient ? [] : [extension(institutionOid, text(institution))]),
    ],
  });
  return { der: new Uint8Array(certificate.rawData), serial, validFrom, validTo };
}

/** An extension that is not critical. */
const extension = (oid: string, value: OctetString | DirectoryString): Extension =>
  new Extension(oid, false, AsnConvert.serialize(value));

const text = (utf8String: string): DirectoryString => new DirectoryString({ utf8String });

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;
