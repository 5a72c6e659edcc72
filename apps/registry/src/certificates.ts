import "reflect-metadata";
import {
  BasicConstraintsExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { concat, isStrictPublicKey, randomBytes, toHex, utf8 } from "@anamnesis/crypto/verify";
import { AnamnesisError, boxKeyOid, institutionOid, roleOid } from "@anamnesis/protocol";
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
      extension(boxKeyOid, DER.octetString, boxKey),
      extension(roleOid, DER.utf8String, utf8(role)),
      ...(isPatient ? [] : [extension(institutionOid, DER.utf8String, utf8(institution))]),
    ],
  });
  return { der: new Uint8Array(certificate.rawData), serial, validFrom, validTo };
}

/**
 * The Ed25519 key of a PKCS#10 request (RFC 2986), whose holder has signed it.
 * @throws {AnamnesisError} BAD_REQUEST for another form or kind of key, SIGNATURE_INVALID without proof of possession.
 */
export async function requestedKey(der: Uint8Array): Promise<Uint8Array> {
  let request: Pkcs10CertificateRequest;
  let key: Uint8Array;
  try {
    request = new Pkcs10CertificateRequest(Uint8Array.from(der));
    key = rawEd25519(new Uint8Array(request.publicKey.rawData));
  } catch (cause) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "Certificate request is not a PKCS#10 request for an Ed25519 key",
      { cause },
    );
  }
  const isProven = await request.verify().catch(() => false);
  if (!isProven || !isStrictPublicKey(key)) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Certificate request refused: its own signature does not verify",
    );
  }
  return key;
}

/** SubjectPublicKeyInfo of RFC 8410 4: this prefix and the 32 bytes. */
const spkiPrefix = "302a300506032b6570032100";

function rawEd25519(spki: Uint8Array): Uint8Array {
  if (spki.length !== 44 || !toHex(spki).startsWith(spkiPrefix))
    throw new TypeError("Not an Ed25519 key");
  return spki.slice(12);
}

const DER = { octetString: 0x04, utf8String: 0x0c } as const;

/** An extension whose value is one DER primitive (X.690 8.1.3: one, or three length octets). */
function extension(oid: string, tag: number, content: Uint8Array): Extension {
  const { length } = content;
  const header = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return new Extension(
    oid,
    false,
    concat(Uint8Array.from(header), content) as Uint8Array<ArrayBuffer>,
  );
}

const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;
