import {
  enc,
  encodeCanonical,
  equalBytes,
  sha256,
  signatureInput,
  verifySignature,
} from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import { bytes, nullable, object, text } from "./shape.ts";
import type { Shaped } from "./shape.ts";
import type { PersonCertificate } from "./certificate.ts";
import { AnamnesisError } from "./errors.ts";
import type { Slip } from "./slips.ts";
import type { CertificateState } from "./stateValues.ts";

/**
 * What somebody beside the registry has signed about a person, so that the registry alone cannot put
 * another key in a person's place. Spec: docs/spec/registry.md.
 */
export interface Registered {
  readonly institution: string;
  readonly role: string;
  /** As the certificate has it for staff; empty for patients. */
  readonly name: string;
  /** Ed25519, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** X-Wing, 1216 bytes. */
  readonly boxKey: Uint8Array;
  /** {@link identityCommitment}, 32 bytes. */
  readonly commitment: Uint8Array;
}

export const registrationShape = object({
  /** Whose registrar saw the person; staff work there. */
  institution: text(64),
  /** Fingerprint of the certificate whose key signed; `null`: the institution's node key did (registrars' own). */
  registrar: nullable(bytes(32)),
  commitment: bytes(32),
  /** Type REGISTERED over {@link registeredBytes}; ROTATED where the key of the replaced certificate signed. */
  signature: bytes(64),
});
export type Registration = Shaped<typeof registrationShape>;

/** A certificate (DER) and what a registrar signed about its holder: what a person shows where no chain speaks for them. */
export const credentialFields = {
  certificate: certificateDer,
  registration: registrationShape,
} as const;
export const credentialShape = object(credentialFields);
export type Credential = Shaped<typeof credentialShape>;

/** SHA-256(enc(s, identifier)). @param salt - s, 32 random bytes. @param identifier - Counts in Unicode NFC, else exactly. */
export const identityCommitment = (salt: Uint8Array, identifier: string): Uint8Array =>
  sha256(enc(salt, identifier.normalize("NFC")));

/** Canonical CBOR `[institution, role, name, signing key, box key, commitment]`. */
export const registeredBytes = (of: Registered): Uint8Array =>
  encodeCanonical([of.institution, of.role, of.name, of.signingKey, of.boxKey, of.commitment]);

/** Who signs: a registrar or the node of an institution (REGISTERED), or the holder of the replaced certificate (ROTATED). */
export type RegistrationType = "REGISTERED" | "ROTATED";

export const verifyRegistered = (
  registered: Registered,
  signed: {
    readonly type: RegistrationType;
    readonly publicKey: Uint8Array;
    readonly signature: Uint8Array;
  },
): boolean => verifySignature({ ...signed, message: registeredBytes(registered) });

/** A slip that brings a certificate, and with it who vouches for its keys. */
export type CertifyingSlip = Slip<"identity.certify"> | Slip<"identity.rotate">;

/** Whether the holder of the replaced certificate signs for the new keys, in a registrar's stead. */
export const isByReplaced = ({ fields }: CertifyingSlip): boolean =>
  "replaces" in fields &&
  fields.registrar !== null &&
  equalBytes(fields.registrar, fields.replaces);

/** The bytes under `registered` of such a slip. */
export const registeredInput = (slip: CertifyingSlip): Uint8Array => {
  const type: RegistrationType = isByReplaced(slip) ? "ROTATED" : "REGISTERED";
  return signatureInput(type, registeredBytes(slip.fields));
};

type Subject = Pick<
  PersonCertificate,
  "role" | "name" | "institution" | "signingKey" | "boxKey" | "validFrom"
>;
export type RegistrarState = Pick<
  CertificateState,
  "role" | "institution" | "signingKey" | "validFrom" | "validTo" | "revokedAt"
>;

/** What was signed about the holder of a certificate. */
export const registeredOf = (
  certificate: Pick<Subject, "role" | "name" | "signingKey" | "boxKey">,
  { institution, commitment }: Registration,
): Registered => ({
  institution,
  role: certificate.role,
  name: certificate.role === "patient" ? "" : certificate.name,
  signingKey: certificate.signingKey,
  boxKey: certificate.boxKey,
  commitment,
});

/**
 * Checks that a registrar of the institution vouched for exactly these keys. For certificates that no chain has judged:
 * patients'.
 *
 * @param registrar - The certificate that the registration names, as the chain has it.
 * @throws {AnamnesisError} REGISTRATION_INVALID
 */
export function checkRegistration(
  certificate: Subject,
  registration: Registration,
  registrar: RegistrarState,
): void {
  if (registrar.role !== "registrar" || registrar.institution !== registration.institution)
    throw invalid("no registrar of its institution made it");
  if (certificate.institution !== undefined && certificate.institution !== registration.institution)
    throw invalid("it is of another institution");
  const { validFrom } = certificate;
  const counted =
    registrar.validFrom <= validFrom &&
    validFrom <= registrar.validTo &&
    (registrar.revokedAt === 0 || registrar.revokedAt > validFrom);
  if (!counted) throw invalid("the registrar's certificate did not count when this one was issued");
  const { signature } = registration;
  const publicKey = registrar.signingKey;
  const registered = registeredOf(certificate, registration);
  if (!verifyRegistered(registered, { type: "REGISTERED", publicKey, signature }))
    throw invalid("the registrar signed for another key, name or role");
}

/**
 * Checks that a registration is of whoever bears this identifier.
 *
 * @param salt - s, from the registry's sealed answer.
 * @throws {AnamnesisError} REGISTRATION_INVALID
 */
export function checkIdentifier(
  { commitment }: Pick<Registration, "commitment">,
  salt: Uint8Array,
  identifier: string,
): void {
  if (!equalBytes(commitment, identityCommitment(salt, identifier)))
    throw invalid("it is of somebody with another identifier");
}

const invalid = (why: string): AnamnesisError =>
  new AnamnesisError("REGISTRATION_INVALID", `Registration refused: ${why}`);
