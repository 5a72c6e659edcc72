import { openWith, sealTo } from "@anamnesis/crypto/box";
import {
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  fromHex,
  randomBytes,
} from "@anamnesis/crypto/verify";
import type { RandomSource } from "@anamnesis/crypto/verify";
import { sign } from "@anamnesis/crypto/sign";
import {
  AnamnesisError,
  attestation,
  consortiumOf,
  enrolledAnswer,
  hpkeInfo,
  identityCommitment,
  registeredBytes,
  requestedKey,
  signedAttestation,
} from "@anamnesis/protocol";
import type { Credential, Role, Trust } from "@anamnesis/protocol";
import { verifyCertificate } from "../certificates.ts";
import type { Device } from "../device.ts";
import type { Identity } from "../deviceFile.ts";
import type { Session } from "../session.ts";

const noAad = new Uint8Array(0);

/** A new person's identity with a fresh seed; on the person's own device. */
export const makeKeys = (
  person: { readonly role: Role; readonly name: string; readonly institution: string },
  random: RandomSource = randomBytes,
): Identity => ({
  role: person.role,
  name: person.name,
  institution: person.institution,
  seed: random(32),
});

/** PKCS#8 of an Ed25519 seed (RFC 8410 section 7), without the seed. */
const PKCS8_PREFIX = fromHex("302e020100300506032b657004220420");

/**
 * What the person hands to the registrar: canonical CBOR `{request, boxKey}`, a PKCS#10 request (it proves that the
 * signing key is held and says nothing else) and the X-Wing key.
 */
export async function certificateRequest(device: Device): Promise<Uint8Array> {
  const { signing, box } = await device.keys();
  const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...signing.secretKey]);
  const { subtle } = globalThis.crypto;
  const privateKey = await subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  const publicKey = await subtle.importKey(
    "raw",
    Uint8Array.from(signing.publicKey),
    "Ed25519",
    true,
    ["verify"],
  );
  // Nothing but this needs the library, whose many modules would make every other start slower.
  await import("reflect-metadata");
  const { Pkcs10CertificateRequestGenerator } = await import("@peculiar/x509");
  const request = await Pkcs10CertificateRequestGenerator.create({
    name: "CN=request",
    keys: { privateKey, publicKey },
    signingAlgorithm: { name: "Ed25519" },
  });
  return encodeCanonical({ request: new Uint8Array(request.rawData), boxKey: box.publicKey });
}

/**
 * Registrar's side: attests the person and enrols them. `session.device` is the registrar's. What it signs about keys,
 * name, role and identifier goes with the certificate for good (docs/spec/registry.md R-20).
 *
 * @param input.identifier - What the registrar saw, e.g. a national identifier.
 * @returns Certificate and registration sealed to the new person, for {@link acceptCertificate}.
 * @throws {AnamnesisError} MALFORMED, BAD_REQUEST, SIGNATURE_INVALID (no proof of the key); ALREADY_ENROLLED, NOT_FOR_THIS_ROLE and what else the registry answers.
 */
export async function enrol(
  session: Session,
  input: {
    readonly request: Uint8Array;
    readonly role: Role;
    readonly name: string;
    readonly identifier: string;
    /** Fingerprint of this person's certificate whose key is lost: the new one takes its place. */
    readonly replaces?: string;
  },
): Promise<Uint8Array> {
  const { device } = session;
  const { request, boxKey } = parseRequest(input.request);
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const { secretKey } = signing;
  const salt = session.random(32);
  const person = {
    name: input.role === "patient" ? "" : input.name.normalize("NFC"),
    role: input.role,
    institution: device.institution,
    boxKey,
  };
  const registered = sign({
    type: "REGISTERED",
    message: registeredBytes({
      ...person,
      signingKey: requestedKey(request),
      commitment: identityCommitment(salt, input.identifier),
    }),
    secretKey,
  });
  const attested = attestation.encode({
    v: 1,
    registrar: fromHex(fingerprint),
    identifier: input.identifier,
    salt,
    registered,
    ...person,
    request,
    replaces: input.replaces === undefined ? null : fromHex(input.replaces),
    time: session.clock(),
  });
  const signature = sign({ type: "ATTESTATION", message: attested, secretKey });
  const plaintext = signedAttestation.encode({ v: 1, attestation: attested, signature });
  const { registry } = consortiumOf(session.trust).consortium;
  return session.network
    .registry()
    .enrol(
      await sealTo({ publicKey: registry.boxKey, info: hpkeInfo.enrol, aad: noAad, plaintext }),
    );
}

function parseRequest(bytes: Uint8Array): {
  readonly request: Uint8Array;
  readonly boxKey: Uint8Array;
} {
  const { request, boxKey } = (decodeCanonical(bytes) ?? {}) as {
    request?: unknown;
    boxKey?: unknown;
  };
  if (!(request instanceof Uint8Array) || !(boxKey instanceof Uint8Array)) {
    throw new AnamnesisError(
      "MALFORMED",
      "The certificate request is not {request, boxKey} in canonical CBOR",
    );
  }
  return { request, boxKey };
}

/** Person's side: opens, verifies and keeps the certificate. @throws {AnamnesisError} CERTIFICATE_INVALID. @throws {CryptoError} E_DECRYPT */
export async function acceptCertificate(
  device: Device,
  trust: Trust,
  sealed: Uint8Array,
): Promise<void> {
  const { box } = await device.keys();
  const { certificate, registration } = enrolledAnswer.decode(
    await openWith({ secretKey: box.secretKey, info: hpkeInfo.enrolled, aad: noAad, sealed }),
  );
  await keepCertificate(device, trust, { certificate, registration });
}

/** Keeps a certificate that came in the open (registrars' own, from the registry's operator). @throws {AnamnesisError} CERTIFICATE_INVALID */
export async function keepCertificate(
  device: Device,
  trust: Trust,
  { certificate: der, registration }: Credential,
): Promise<void> {
  const certificate = verifyCertificate(trust, der);
  const { signing, box } = await device.keys();
  const isOwn =
    equalBytes(certificate.signingKey, signing.publicKey) &&
    equalBytes(certificate.boxKey, box.publicKey);
  if (!isOwn)
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      "Certificate refused: it is for other keys than this device's",
    );
  if (certificate.role !== device.role)
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      `Certificate refused: it is a ${certificate.role}'s, want a ${device.role}'s`,
    );
  if (registration.institution !== device.institution)
    throw new AnamnesisError(
      "CERTIFICATE_INVALID",
      `Certificate refused: ${registration.institution} registered it, want ${device.institution}`,
    );
  await device.items.put("certificate", "own", { certificate: der, registration });
}
