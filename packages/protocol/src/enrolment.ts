import { BYTES } from "@anamnesis/crypto/verify";
import { contactCardShape } from "./contactCard.ts";
import { careKinds } from "./institutionKinds.ts";
import type { InstitutionKind } from "./institutionKinds.ts";
import { credentialFields, registrationShape } from "./registration.ts";
import { blob, bytes, document, literal, nullable, object, oneOf, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/**
 * Roles a certificate may carry. `registrar` attests persons, `desk` receives for an institution, `collector`
 * is a device; `patient` certificates carry no name and never reach a chain.
 */
export const roles = [
  "patient",
  "doctor",
  "registrar",
  "desk",
  "officer",
  "auditor",
  "collector",
  "insurer",
  "researcher",
  "medicine-company",
  "manufacturer",
] as const;
export type Role = (typeof roles)[number];

/** Whoever a certificate on a chain names: patients' certificates never stand there. */
export const staffRoles: readonly Role[] = roles.filter((role) => role !== "patient");

/** Staff of third parties: another intermediate certifies them. */
export const thirdPartyRoles: readonly Role[] = [
  "insurer",
  "researcher",
  "medicine-company",
  "manufacturer",
];

const everywhere: readonly Role[] = ["registrar", "desk", "officer", "auditor"];
const inCare: readonly Role[] = [...everywhere, "patient", "doctor", "collector"];

/**
 * The roles in which an institution of this kind may have people: who cares for patients has no insurers, and an insurer
 * no doctors. Spec: docs/spec/slips.md S-61.
 */
export function rolesAt(kind: InstitutionKind): readonly Role[] {
  if (careKinds.includes(kind)) return inCare;
  if (kind === "third-party") return [...everywhere, ...thirdPartyRoles];
  if (kind === "research-institute") return [...everywhere, "researcher"];
  return everywhere;
}

const attestationShape = object({
  v: literal(1),
  /** Fingerprint of the registrar's certificate. */
  registrar: bytes(32),
  /** What the registrar saw: the national identifier, or the name where none is used. Kept encrypted at the registry. */
  identifier: text(128),
  /** s, 32 random bytes: salt of the commitment that the registrar signs. */
  salt: bytes(32),
  /** Type REGISTERED by the registrar's certified key over the person's keys (registration.ts). */
  registered: bytes(64),
  /** For staff, the name that their certificate carries; empty for patients. */
  name: text(128),
  role: oneOf(...roles),
  institution: text(64),
  /** PKCS#10 made on the person's device (proof of possession of the signing key), DER. */
  request: blob(4_000),
  /** X-Wing, 1216 bytes. */
  boxKey: bytes(BYTES.boxPublicKey),
  /** Fingerprint of the person's certificate whose key is lost, and in whose place this one comes. */
  replaces: nullable(bytes(32)),
  time: uint,
});
/** A registrar's statement that a person is who they say. */
export type Attestation = Shaped<typeof attestationShape>;
export const attestation = document("Attestation", attestationShape);

const signedAttestationShape = object({
  v: literal(1),
  attestation: blob(8_000),
  signature: bytes(64),
});
/** Signature type ATTESTATION by the registrar's certified key. */
export const signedAttestation = document("Signed attestation", signedAttestationShape);

const enrolledShape = object({ v: literal(1), ...credentialFields });
/** What the registry answers, sealed to the new person: certificate and registration. */
export const enrolledAnswer = document("Enrolment answer", enrolledShape);

const lookupShape = object({ v: literal(1), identifier: text(128) });
/** Body of a look-up, sealed to the registry. */
export const contactLookup = document("Contact look-up", lookupShape);

const contactAnswerShape = object({
  v: literal(1),
  card: contactCardShape,
  /** s of the registration: by it the doctor recomputes the commitment from the identifier that was asked. */
  salt: bytes(32),
  registration: registrationShape,
});
/** The answer to a look-up, sealed to the doctor. Cards in tokens come without salt. */
export type ContactAnswer = Shaped<typeof contactAnswerShape>;
export const contactAnswer = document("Contact answer", contactAnswerShape);

/**
 * OIDs of our certificates' extensions. The arc below 2.25 has 48 bits, because X.509 libraries lose larger ones.
 *
 * The value is DER: an OCTET STRING with the X-Wing key of 1216 bytes; the role and, for staff, the institution as
 * UTF8String. Subject CN holds a staff member's name; patients have a random CN.
 */
export const boxKeyOid = "2.25.190562718364821.1";
export const roleOid = "2.25.190562718364821.2";
export const institutionOid = "2.25.190562718364821.3";
