import { sealTo } from "@anamnesis/crypto/box";
import { equalBytes, toHex, verifySignature } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  attestation,
  enrolledAnswer,
  fingerprintFrom,
  fingerprintOf,
  hpkeInfo,
  limits,
  requestedKey,
  rolesAt,
  signedAttestation,
} from "@anamnesis/protocol";
import type { Attestation, Fingerprint } from "@anamnesis/protocol";
import { issuerOf } from "./authority.ts";
import { issueCertificate } from "./certificates.ts";
import type { RegistryDeps } from "./deps.ts";
import { institutionNamed } from "./institutions.ts";
import { alreadyEnrolled, credentialOf, identityName, isLive } from "./people.ts";
import type { CertificateEntry } from "./people.ts";
import { registrationFor } from "./registrations.ts";
import { dropIntent, keepIntent } from "./slipOutbox.ts";

/** A registrar may send an attestation this long after making it. */
const ATTESTED_MS = 24 * 3_600_000;

/**
 * POST /enrolments (H-41): checks a registrar's attestation and certifies the person.
 *
 * @param bytes - SignedAttestation, opened.
 * @returns EnrolledAnswer, sealed to the new person's X-Wing key.
 * @throws {AnamnesisError} CERTIFICATE_NOT_LIVE, SIGNATURE_INVALID, REGISTRATION_INVALID, NOT_FOR_THIS_ROLE, BAD_REQUEST, ALREADY_ENROLLED, UNAVAILABLE.
 */
export async function enrol(deps: RegistryDeps, bytes: Uint8Array): Promise<Uint8Array> {
  const attested = checkAttestation(deps, bytes);
  const signingKey = requestedKey(attested.request);
  const entry = await certify(deps, { ...attested, signingKey });
  return sealTo({
    publicKey: attested.boxKey,
    info: hpkeInfo.enrolled,
    aad: new Uint8Array(0),
    plaintext: enrolledAnswer.encode({ v: 1, ...credentialOf(entry) }),
  });
}

function checkAttestation(deps: RegistryDeps, bytes: Uint8Array): Attestation {
  const signed = signedAttestation.decode(bytes);
  const attested = attestation.decode(signed.attestation);
  const now = deps.now();
  const registrar = deps.people.certificate(toHex(attested.registrar));
  if (registrar === undefined || !isLive(registrar, now)) {
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Enrolment refused: the registrar's certificate is not one of ours, or not live",
    );
  }
  const { signature, attestation: message } = signed;
  if (
    !verifySignature({ type: "ATTESTATION", message, publicKey: registrar.signingKey, signature })
  ) {
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Enrolment refused: the registrar's signature does not verify",
    );
  }
  if (
    registrar.role !== "registrar" ||
    registrar.institution !== attested.institution ||
    attested.role === "registrar"
  ) {
    throw new AnamnesisError(
      "NOT_FOR_THIS_ROLE",
      "Enrolment refused: want a registrar of this institution, and nobody enrols registrars",
    );
  }
  if (attested.time < now - ATTESTED_MS || attested.time > now + limits.requestSkewMs) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "Enrolment refused: it was attested more than a day ago, or in the future",
    );
  }
  return attested;
}

/** A person whose identity somebody vouches for, with keys that they have shown to hold. */
export interface Person {
  readonly role: Attestation["role"];
  readonly name: string;
  readonly institution: string;
  readonly identifier: string;
  readonly signingKey: Uint8Array;
  readonly boxKey: Uint8Array;
  /** Fingerprint of the registrar's certificate; `null` for registrars, for whom their institution's node signs. */
  readonly registrar: Uint8Array | null;
  /** s and the signature REGISTERED (registration.ts of the protocol). */
  readonly salt: Uint8Array;
  readonly registered: Uint8Array;
  /** Of this person's certificate in whose place a new one comes. */
  readonly replaces: Uint8Array | null;
}

/**
 * Certifies a person: keeps identity and certificate, and puts staff on their institution's chain and the consortium
 * before it answers. The same person with the same keys gets the same certificate again, so that a lost answer can be
 * asked for; anything else is a second enrolment.
 */
async function certify(deps: RegistryDeps, person: Person): Promise<CertificateEntry> {
  const fingerprint = retried(deps, person) ?? (await record(deps, person));
  const entry = deps.people.certificate(fingerprint);
  if (entry === undefined) throw alreadyEnrolled();
  if (person.role !== "patient" && (await tellChains(deps, fingerprint, entry)) === "refused") {
    withdraw(deps, fingerprint, entry);
    throw new AnamnesisError(
      "UNAVAILABLE",
      "Enrolment refused: the institution's chain does not take the certificate",
    );
  }
  return entry;
}

/** The registrar first: a chain takes a certificate only from a registrar that an earlier block holds. */
async function tellChains(
  deps: RegistryDeps,
  fingerprint: Fingerprint,
  { registration }: CertificateEntry,
): Promise<"sent" | "refused"> {
  if (registration.registrar !== null)
    await deps.slips.send(fingerprintFrom(registration.registrar));
  return deps.slips.send(fingerprint);
}

/**
 * Keeps a new person and what is to be said about them, at once.
 * @throws {AnamnesisError} BAD_REQUEST, NOT_FOR_THIS_ROLE, REGISTRATION_INVALID, ALREADY_ENROLLED
 */
export async function record(deps: RegistryDeps, person: Person): Promise<Fingerprint> {
  checkPerson(deps, person);
  const registration = registrationFor(deps, person);
  const replaced = replacedBy(deps, person);
  const issuer = issuerOf(person.role);
  const issued = await issueCertificate(deps.authorities[issuer], person, deps.now());
  const { role, name, institution, identifier, signingKey, boxKey, salt } = person;
  const entry: CertificateEntry = {
    ...issued,
    role,
    name,
    institution,
    identifier,
    signingKey,
    boxKey,
    issuer,
    registration,
    salt,
    revokedAt: 0,
    replaces: replaced ?? null,
  };
  // The chains end the replaced certificate by the slip that brings the new one, unless it ended before.
  const isLost = replaced !== undefined && deps.people.certificate(replaced)?.revokedAt === 0;
  return deps.store.transaction(() => {
    const fingerprint = deps.people.add(entry);
    if (isLost) deps.people.revoke(replaced, deps.now());
    if (role !== "patient") {
      for (const { chain } of deps.slips.chainsOf(institution))
        keepIntent(deps.store, { fingerprint, verb: isLost ? "rotate" : "certify", chain });
    }
    return fingerprint;
  });
}

/**
 * The certificate in whose place the new one comes, if any: the newest that this identity has.
 * @throws {AnamnesisError} ALREADY_ENROLLED where none is named, or another; NOT_FOR_THIS_ROLE for patients, whose visits
 * hang on their seed.
 */
function replacedBy(deps: RegistryDeps, person: Person): Fingerprint | undefined {
  const enrolled = deps.people.enrolled(identityName(person));
  const replaces = person.replaces === null ? undefined : fingerprintFrom(person.replaces);
  if (replaces !== enrolled) throw alreadyEnrolled();
  if (replaces !== undefined && person.role === "patient")
    throw new AnamnesisError(
      "NOT_FOR_THIS_ROLE",
      "Enrolment refused: a patient's certificate is not replaced",
    );
  return replaces;
}

function checkPerson(deps: RegistryDeps, { role, name, institution, identifier }: Person): void {
  const wrong = (what: string): AnamnesisError =>
    new AnamnesisError("BAD_REQUEST", `Enrolment refused: ${what}`);
  if (identifier === "") throw wrong("there is no identifier");
  if (role === "patient" && name !== "") throw wrong("a patient's certificate carries no name");
  if (role !== "patient" && (name === "" || name.normalize("NFC") !== name))
    throw wrong("staff act under a name in NFC");
  const known = institutionNamed(deps, institution);
  if (known === undefined) throw wrong("the institution is not a member");
  if (!rolesAt(known.level).includes(role))
    throw new AnamnesisError(
      "NOT_FOR_THIS_ROLE",
      `Enrolment refused: an institution of kind '${known.level}' has nobody in the role '${role}'`,
    );
}

function retried(deps: RegistryDeps, person: Person): Fingerprint | undefined {
  const fingerprint = deps.people.enrolled(identityName(person));
  const entry = fingerprint === undefined ? undefined : deps.people.certificate(fingerprint);
  if (entry === undefined || entry.role !== person.role || entry.revokedAt !== 0) return undefined;
  const isSame =
    equalBytes(entry.signingKey, person.signingKey) && equalBytes(entry.boxKey, person.boxKey);
  return isSame ? fingerprintOf(entry.der) : undefined;
}

/** Undoes an enrolment that a chain refused. A certificate whose key was said to be lost ends all the same. */
function withdraw(
  deps: RegistryDeps,
  fingerprint: Fingerprint,
  { institution, replaces }: CertificateEntry,
): void {
  deps.store.transaction(() => {
    for (const { chain } of deps.slips.chainsOf(institution)) {
      for (const verb of ["certify", "rotate"] as const)
        dropIntent(deps.store, { fingerprint, verb, chain });
      if (replaces !== null)
        keepIntent(deps.store, { fingerprint: replaces, verb: "revoke", chain });
    }
    deps.people.undo(fingerprint);
  });
}
