import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, fingerprintOf, fingerprintShape } from "@anamnesis/protocol";
import type { Credential, Fingerprint, Registration, Role } from "@anamnesis/protocol";
import type { IssuerId } from "./authority.ts";
import type { Issued, Subject } from "./certificates.ts";
import type { SealedStore } from "./sealedStore.ts";

/** A certificate as the registry keeps it. Times are Unix milliseconds; `revokedAt` 0 = not revoked. */
export interface CertificateEntry extends Issued, Subject {
  readonly issuer: IssuerId;
  /** What the registrar saw. */
  readonly identifier: string;
  /** What the registrar signed; s, 32 bytes, opens its commitment to the identifier. */
  readonly registration: Registration;
  readonly salt: Uint8Array;
  readonly revokedAt: number;
  /** The certificate of this identity in whose place it came. */
  readonly replaces: Fingerprint | null;
}

/** The place that one real identity has in the registry: as a patient, or in one role among the staff of one institution. */
export const identityName = (person: {
  readonly role: Role;
  readonly institution: string;
  readonly identifier: string;
}): string[] =>
  person.role === "patient"
    ? ["patient", exact(person.identifier)]
    : ["staff", person.institution, person.role, exact(person.identifier)];

/** One spelling for one identifier, whatever composed it (Unicode NFC). */
const exact = (identifier: string): string => identifier.normalize("NFC");

/** Real identities and their certificates, in the sealed store. */
export class People {
  readonly #store: SealedStore;

  constructor(store: SealedStore) {
    this.#store = store;
  }

  certificate(fingerprint: string): CertificateEntry | undefined {
    const entry = this.#store.get("certificate", fingerprint);
    return entry as unknown as CertificateEntry | undefined;
  }

  /** The certificate of an identity. */
  enrolled(name: readonly string[]): Fingerprint | undefined {
    return this.#fingerprint("identity", ...name);
  }

  /** The certificate that holds a signing key. */
  holder(signingKey: Uint8Array): Fingerprint | undefined {
    return this.#fingerprint("key", signingKey);
  }

  #fingerprint(...at: Parameters<SealedStore["get"]>): Fingerprint | undefined {
    const stored = this.#store.get(...at);
    return stored === undefined ? undefined : fingerprintShape.json.read(stored, "Fingerprint");
  }

  /**
   * Enrols an identity, or gives it another certificate in place of the one it has; call it inside a transaction.
   * @throws {AnamnesisError} ALREADY_ENROLLED
   */
  add(entry: CertificateEntry): Fingerprint {
    const name = identityName(entry);
    const enrolled = this.enrolled(name) ?? null;
    if (enrolled !== entry.replaces || this.holder(entry.signingKey) !== undefined)
      throw alreadyEnrolled();
    const fingerprint = fingerprintOf(entry.der);
    this.#store.put(fingerprint, "identity", ...name);
    this.#store.put(fingerprint, "key", entry.signingKey);
    this.#store.put({ ...entry }, "certificate", fingerprint);
    return fingerprint;
  }

  /** Forgets an enrolment that went nowhere; a certificate that it replaced is the identity's again, and stays revoked here. */
  undo(fingerprint: Fingerprint): void {
    const entry = this.certificate(fingerprint);
    if (entry === undefined) return;
    const name = identityName(entry);
    if (entry.replaces === null) this.#store.remove("identity", ...name);
    else this.#store.put(entry.replaces, "identity", ...name);
    this.#store.remove("key", entry.signingKey);
    this.#store.remove("certificate", fingerprint);
  }

  /** @returns when it was revoked, the first time. @throws {AnamnesisError} NOT_FOUND */
  revoke(fingerprint: string, now: number): number {
    const entry = this.certificate(fingerprint);
    if (entry === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such certificate");
    if (entry.revokedAt !== 0) return entry.revokedAt;
    this.#store.put({ ...entry, revokedAt: now }, "certificate", fingerprint);
    this.#store.put(
      { serial: entry.serial, issuer: entry.issuer, time: now },
      "revoked",
      fromHex(fingerprint),
    );
    return now;
  }
}

export const credentialOf = ({ der, registration }: CertificateEntry): Credential => ({
  certificate: der,
  registration,
});

export const alreadyEnrolled = (): AnamnesisError =>
  new AnamnesisError(
    "ALREADY_ENROLLED",
    "Enrolment refused: this person, or this key, is enrolled already",
  );

export const isLive = ({ validFrom, validTo, revokedAt }: CertificateEntry, now: number): boolean =>
  revokedAt === 0 && validFrom <= now && now <= validTo;
