import { OctetString } from "@peculiar/asn1-schema";
import {
  BasicConstraints,
  Certificate,
  DirectoryString,
  KeyUsage,
  KeyUsageFlags,
} from "@peculiar/asn1-x509";
import type { Extension, Name } from "@peculiar/asn1-x509";
import { BYTES, equalBytes, isStrictPublicKey, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { readDer } from "./der.ts";
import { boxKeyOid, institutionOid, roleOid, roles } from "./enrolment.ts";
import type { Role } from "./enrolment.ts";
import { AnamnesisError } from "./errors.ts";
import type { CaKey } from "./genesis.ts";
import { fingerprintOf } from "./ids.ts";
import type { Fingerprint } from "./ids.ts";

/** What a person's certificate says. Times are Unix milliseconds. */
export interface PersonCertificate {
  readonly fingerprint: Fingerprint;
  readonly serial: Uint8Array;
  /** Subject CN: a staff member's name; random for a patient. */
  readonly name: string;
  readonly role: Role;
  /** Staff only. */
  readonly institution: string | undefined;
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** X-Wing, 1216 bytes. */
  readonly boxKey: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
  /** Id of the CA key that signed it. */
  readonly issuer: string;
}

const ED25519_OID = "1.3.101.112";
const BASIC_CONSTRAINTS_OID = "2.5.29.19";
const KEY_USAGE_OID = "2.5.29.15";
const COMMON_NAME_OID = "2.5.4.3";

/**
 * Reads a person's certificate and checks it against a federation's intermediates (RFC 5280, the profile of
 * docs/spec/registry.md): Ed25519 signature by one of `cas` that is not the root, not a CA itself, for digital
 * signatures, with X-Wing key and role extensions, and no critical extension beyond those known.
 *
 * Whether it is in date and not revoked is asked elsewhere: {@link certificateInDate}, the chain, the CRL.
 *
 * @throws {AnamnesisError} CERTIFICATE_INVALID
 */
export function readCertificate(der: Uint8Array, cas: readonly CaKey[]): PersonCertificate {
  const certificate = parse(der);
  const tbs = certificate.tbsCertificate;
  const signed = certificate.tbsCertificateRaw;
  if (
    signed === undefined ||
    tbs.signature.algorithm !== ED25519_OID ||
    !certificate.signatureAlgorithm.isEqual(tbs.signature)
  ) {
    throw invalid("it is not signed with Ed25519");
  }
  const signature = new Uint8Array(certificate.signatureValue);
  const message = new Uint8Array(signed);
  const issuer = cas.find(
    ({ id, key }) => id !== "root" && verifySignatureRaw({ message, publicKey: key, signature }),
  );
  if (issuer === undefined) throw invalid("none of the federation's intermediates signed it");
  const extensions = tbs.extensions ?? [];
  checkUse(extensions);
  const role = textOf(extensions, roleOid);
  if (!roles.includes(role as Role)) throw invalid("its role is not one of the federation's");
  const signingKey = new Uint8Array(tbs.subjectPublicKeyInfo.subjectPublicKey);
  if (
    tbs.subjectPublicKeyInfo.algorithm.algorithm !== ED25519_OID ||
    !isStrictPublicKey(signingKey)
  ) {
    throw invalid("its key is not a sound Ed25519 key");
  }
  return {
    fingerprint: fingerprintOf(der),
    serial: new Uint8Array(tbs.serialNumber),
    name: commonName(tbs.subject),
    role: role as Role,
    institution: textOf(extensions, institutionOid),
    signingKey,
    boxKey: boxKeyOf(extensions),
    validFrom: tbs.validity.notBefore.getTime().getTime(),
    validTo: tbs.validity.notAfter.getTime().getTime(),
    issuer: issuer.id,
  };
}

/** Whether a certificate's own dates admit `time`, Unix milliseconds. */
export const certificateInDate = (
  certificate: Pick<PersonCertificate, "validFrom" | "validTo">,
  time: number,
): boolean => certificate.validFrom <= time && time <= certificate.validTo;

function parse(der: Uint8Array): Certificate {
  try {
    return readDer(der, Certificate);
  } catch (cause) {
    throw new AnamnesisError("CERTIFICATE_INVALID", "Certificate refused: it is not X.509 in DER", {
      cause,
    });
  }
}

function checkUse(extensions: readonly Extension[]): void {
  const known = [BASIC_CONSTRAINTS_OID, KEY_USAGE_OID, boxKeyOid, roleOid, institutionOid];
  if (extensions.some(({ critical, extnID }) => critical && !known.includes(extnID)))
    throw invalid("it has an unknown critical extension");
  const constraints = valueOf(extensions, BASIC_CONSTRAINTS_OID);
  if (constraints !== undefined && decode(constraints, BasicConstraints).cA)
    throw invalid("it is a CA's");
  const usage = valueOf(extensions, KEY_USAGE_OID);
  if (
    usage === undefined ||
    (decode(usage, KeyUsage).toNumber() & KeyUsageFlags.digitalSignature) === 0
  ) {
    throw invalid("it is not for digital signatures");
  }
}

function boxKeyOf(extensions: readonly Extension[]): Uint8Array {
  const value = valueOf(extensions, boxKeyOid);
  const key =
    value === undefined ? new Uint8Array(0) : new Uint8Array(decode(value, OctetString).buffer);
  if (key.length !== BYTES.boxPublicKey)
    throw invalid(`its X-Wing key is not ${BYTES.boxPublicKey} bytes`);
  return key;
}

function textOf(extensions: readonly Extension[], oid: string): string | undefined {
  const value = valueOf(extensions, oid);
  if (value === undefined) return undefined;
  const text = decode(value, DirectoryString).utf8String;
  if (text === undefined) throw invalid("an extension is not UTF8String");
  return text;
}

const decode = <T>(value: Uint8Array, type: new () => T): T => {
  try {
    return readDer(value, type);
  } catch (cause) {
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      "Certificate refused: an extension is malformed",
      { cause },
    );
  }
};

function valueOf(extensions: readonly Extension[], oid: string): Uint8Array | undefined {
  const found = extensions.filter(({ extnID }) => extnID === oid);
  if (found.length > 1) throw invalid("an extension stands in it twice");
  return found[0] === undefined ? undefined : new Uint8Array(found[0].extnValue.buffer);
}

function commonName(subject: Name): string {
  const values = subject
    .flatMap((relative) => [...relative])
    .filter(({ type }) => type === COMMON_NAME_OID);
  const [only] = values;
  if (only === undefined || values.length > 1)
    throw invalid("its subject has not exactly one common name");
  return only.value.toString();
}

const invalid = (why: string): AnamnesisError =>
  new AnamnesisError("CERTIFICATE_INVALID", `Certificate refused: ${why}`);

/**
 * Whether a certificate's DER and the fields that the chain states for it agree.
 * @throws {AnamnesisError} CERTIFICATE_INVALID
 */
export function checkStatedFields(
  certificate: PersonCertificate,
  stated: {
    readonly issuer: string;
    readonly name: string;
    readonly role: string;
    readonly institution: string;
    readonly signingKey: Uint8Array;
    readonly boxKey: Uint8Array;
    readonly validFrom: number;
    readonly validTo: number;
  },
): void {
  const agrees =
    certificate.issuer === stated.issuer &&
    certificate.name === stated.name &&
    certificate.role === stated.role &&
    certificate.institution === stated.institution &&
    equalBytes(certificate.signingKey, stated.signingKey) &&
    equalBytes(certificate.boxKey, stated.boxKey) &&
    certificate.validFrom === stated.validFrom &&
    certificate.validTo === stated.validTo;
  if (!agrees) throw invalid("the chain states other fields than it holds");
}
