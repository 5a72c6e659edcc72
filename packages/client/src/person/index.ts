import type { RandomSource } from "@anamnesis/crypto/verify";
import type { Role, Trust } from "@anamnesis/protocol";
import type { Device } from "../device.ts";
import type { Identity } from "../deviceFile.ts";
import type { Session } from "../session.ts";

/** A new person's identity with a fresh seed; on the person's own device. */
export declare function makeKeys(person: { readonly role: Role; readonly name: string; readonly institution: string }, random?: RandomSource): Identity;

/** What the person hands to the registrar: canonical CBOR of a PKCS#10 request and the X-Wing key. */
export declare function certificateRequest(device: Device): Promise<Uint8Array>;

/**
 * Registrar's side: attests the person and enrols them. `session.device` is the registrar's.
 *
 * @param input.identifier - What the registrar saw, e.g. a national identifier.
 * @returns The certificate sealed to the new person, for {@link acceptCertificate}.
 */
export declare function enrol(
  session: Session,
  input: { readonly request: Uint8Array; readonly role: Role; readonly name: string; readonly identifier: string },
): Promise<Uint8Array>;

/** Person's side: opens, verifies and keeps the certificate. */
export declare function acceptCertificate(device: Device, trust: Trust, sealed: Uint8Array): Promise<void>;

/** Keeps a certificate that came in the open (registrars' own, from the registry's operator). */
export declare function keepCertificate(device: Device, trust: Trust, der: Uint8Array): Promise<void>;

/** Patient: opens the contact box at an institution's node (default: where enrolled) and leaves the card with the registry. Idempotent. */
export declare function openContactBox(session: Session, options?: { readonly institution?: string }): Promise<void>;
