import "reflect-metadata";
import { fromHex, toHex, utf8Decode, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { AnamnesisError, boxKeyOid, consortiumOf, fingerprintOf, institutionOid, roleOid } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { BasicConstraintsExtension, X509Certificate } from "@peculiar/x509";
import type { CertificateView } from "./ports.ts";

/** What a certificate of this federation says. Times are Unix milliseconds; patients' `name` is a random text. */
export interface ReadCertificate {
  readonly fingerprint: string;
  readonly name: string;
  readonly role: string;
  readonly institution: string;
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** X-Wing, 1216 bytes. */
  readonly boxKey: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
  readonly der: Uint8Array;
}

const invalid = (why: string, cause?: unknown) => new AnamnesisError("CERTIFICATE_INVALID", `Certificate refused: ${why}`, cause === undefined ? {} : { cause });

/** SubjectPublicKeyInfo of Ed25519 before the 32 bytes of the key (RFC 8410 section 4). */
const ED25519_SPKI = "302a300506032b6570032100";
const BOX_KEY_BYTES = 1216;

/**
 * Reads a certificate and verifies that an intermediate of the trust file issued it.
 *
 * Ed25519 is verified here and not by the platform, whose WebCrypto may lack it. Revocation is not judged: only the
 * chain or the registry's list knows.
 *
 * @param now - Unix milliseconds at which it must be valid; `undefined` leaves the period to the caller.
 * @throws {AnamnesisError} CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE outside its period.
 */
export function verifyCertificate(trust: Trust, der: Uint8Array, now?: number): ReadCertificate & { readonly issuer: string } {
  const certificate = readCertificate(der);
  const { tbs, signature } = splitCertificate(der);
  const issuer = consortiumOf(trust).cas.find((ca) => ca.id !== "root" && verifySignatureRaw({ message: tbs, publicKey: ca.key, signature }));
  if (issuer === undefined) throw invalid("no intermediate of this federation issued it");
  if (now !== undefined && (now < certificate.validFrom || now > certificate.validTo)) {
    throw new AnamnesisError("CERTIFICATE_NOT_LIVE", "Certificate refused: it is not valid yet or not any more");
  }
  return { ...certificate, issuer: issuer.id };
}

/** Reads the fields; signatures are not judged. @throws {AnamnesisError} CERTIFICATE_INVALID */
export function readCertificate(der: Uint8Array): ReadCertificate {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Uint8Array.from(der));
  } catch (cause) {
    throw invalid("it is not X.509 in DER", cause);
  }
  if (certificate.getExtension(BasicConstraintsExtension)?.ca === true) throw invalid("it is an authority's, want a person's");
  const spki = toHex(new Uint8Array(certificate.publicKey.rawData));
  if (!spki.startsWith(ED25519_SPKI) || spki.length !== ED25519_SPKI.length + 64) throw invalid("its key is not Ed25519");
  const [name] = certificate.subjectName.getField("CN");
  if (name === undefined) throw invalid("its subject has no common name");
  const boxKey = extensionValue(certificate, boxKeyOid, 0x04);
  if (boxKey.length !== BOX_KEY_BYTES) throw invalid("its X-Wing key is not 1216 bytes");
  return {
    fingerprint: fingerprintOf(der),
    name,
    role: utf8Decode(extensionValue(certificate, roleOid, 0x0c)),
    institution: utf8Decode(extensionValue(certificate, institutionOid, 0x0c)),
    signingKey: fromHex(spki.slice(ED25519_SPKI.length)),
    boxKey,
    validFrom: certificate.notBefore.getTime(),
    validTo: certificate.notAfter.getTime(),
    der,
  };
}

/**
 * Verifies what a chain says about a certificate: the DER is of this fingerprint, an intermediate issued it, and every
 * field beside it agrees.
 *
 * @throws {AnamnesisError} AUTHOR_UNVERIFIED
 */
export function verifyCertificateView(trust: Trust, view: CertificateView): CertificateView {
  let read: ReturnType<typeof verifyCertificate>;
  try {
    read = verifyCertificate(trust, view.der);
  } catch (cause) {
    throw new AnamnesisError("AUTHOR_UNVERIFIED", "The certificate on the chain was not issued in this federation", { cause });
  }
  const texts = ["fingerprint", "issuer", "name", "role", "institution", "validFrom", "validTo"] as const;
  const differs = texts.find((field) => read[field] !== view[field]);
  const keys = toHex(read.signingKey) === toHex(view.signingKey) && toHex(read.boxKey) === toHex(view.boxKey);
  if (differs !== undefined || !keys) {
    throw new AnamnesisError("AUTHOR_UNVERIFIED", `The chain and the certificate disagree about ${differs ?? "its keys"}`);
  }
  return view;
}

/** Whether the certificate counts at `now`: inside its period and not revoked by then. */
export const isLive = (view: CertificateView, now: number): boolean =>
  now >= view.validFrom && now <= view.validTo && (view.revokedAt === undefined || view.revokedAt > now);

/** Content of the DER value inside an extension, which has the ASN.1 tag `tag`. */
function extensionValue(certificate: X509Certificate, oid: string, tag: number): Uint8Array {
  const extension = certificate.getExtension(oid);
  if (extension === null) throw invalid(`it lacks the extension ${oid}`);
  const value = new Uint8Array(extension.value);
  const element = derElement(value, 0);
  if (value[0] !== tag || element.end !== value.length) throw invalid(`its extension ${oid} is of another type`);
  return value.slice(element.start, element.end);
}

/** The signed part and the signature of Certificate ::= SEQUENCE {tbsCertificate, signatureAlgorithm, signatureValue} (RFC 5280 4.1). */
function splitCertificate(der: Uint8Array): { readonly tbs: Uint8Array; readonly signature: Uint8Array } {
  const outer = derElement(der, 0);
  const tbs = derElement(der, outer.start);
  const algorithm = derElement(der, tbs.end);
  const signature = derElement(der, algorithm.end);
  if (outer.end !== der.length || signature.end !== outer.end) throw invalid("bytes follow its signature");
  return { tbs: der.subarray(outer.start, tbs.end), signature: der.subarray(signature.start + 1, signature.end) };
}

/** Where the content of the DER element at `offset` starts and ends (X.690 8.1, 10.1). */
function derElement(der: Uint8Array, offset: number): { readonly start: number; readonly end: number } {
  const first = der[offset + 1] ?? 0;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  if (lengthBytes > 3) throw invalid("an element is too long");
  let length = lengthBytes === 0 ? first : 0;
  for (let i = 0; i < lengthBytes; i += 1) length = length * 256 + (der[offset + 2 + i] ?? 0);
  const start = offset + 2 + lengthBytes;
  if (start + length > der.length) throw invalid("an element goes past its end");
  return { start, end: start + length };
}
