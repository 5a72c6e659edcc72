/** The registry of a federation in memory, and the registrars who attest whoever joins it. It can lie. */
import { openWith, sealTo } from "@anamnesis/crypto/box";
import { sign } from "@anamnesis/crypto/sign";
import { randomBytes, toHex, utf8, verifySignature } from "@anamnesis/crypto/verify";
import type { RegistryApi } from "@anamnesis/client";
import {
  AnamnesisError,
  attestation,
  contactAnswer,
  contactCard,
  contactLookup,
  encodeMessage,
  enrolledAnswer,
  fingerprintOf,
  hpkeInfo,
  identityCommitment,
  makeSlip,
  proveByCard,
  registeredBytes,
  requestedKey,
  signedAttestation,
} from "@anamnesis/protocol";
import type { ContactCard, Credential, Registration } from "@anamnesis/protocol";
import type { Authority } from "../../../../apps/registry/src/authority.ts";
import { issueCertificate } from "../../../../apps/registry/src/certificates.ts";
import { keyOf, boxOf } from "../keys.ts";
import { assertSigns } from "./chains.ts";
import type { signedKey } from "./chains.ts";
import type { ClientFederation } from "./federation.ts";

const noAad = new Uint8Array(0);

type Subject = Parameters<typeof issueCertificate>[1];
interface Registered {
  readonly salt: Uint8Array;
  readonly registration: Registration;
}

export class MemoryRegistry {
  /** It certifies whomever it likes: no registrar signs. */
  isAlone = false;
  /** Whose card and registration a look-up of an identifier gives, where the registry lies. */
  readonly lookupsLeadTo = new Map<string, string>();
  readonly #federation: ClientFederation;
  readonly #care: Authority;
  readonly #contacts = new Map<string, ContactCard>();
  readonly #identifiers = new Map<string, string>();
  readonly #certificates = new Map<string, Subject & Registered & { readonly der: Uint8Array }>();

  constructor(federation: ClientFederation, care: Authority) {
    this.#federation = federation;
    this.#care = care;
  }

  api(): RegistryApi {
    return {
      enrol: async (sealed) => {
        const { secretKey } = await boxOf("registry");
        const signed = signedAttestation.decode(
          await openWith({ secretKey, info: hpkeInfo.enrol, aad: noAad, sealed }),
        );
        const attested = attestation.decode(signed.attestation);
        const registrar = this.#certificates.get(toHex(attested.registrar));
        const isSigned =
          registrar !== undefined &&
          verifySignature({
            type: "ATTESTATION",
            message: signed.attestation,
            publicKey: registrar.signingKey,
            signature: signed.signature,
          });
        if (!isSigned)
          throw new AnamnesisError(
            "SIGNATURE_INVALID",
            "The registrar's signature does not verify",
          );
        if (this.#identifiers.has(`${attested.role} ${attested.identifier}`))
          throw new AnamnesisError("ALREADY_ENROLLED", "This person is enrolled");
        const { salt, identifier, institution } = attested;
        const credential = await this.certify(
          { ...attested, signingKey: requestedKey(attested.request) },
          identifier,
          {
            salt,
            registration: {
              institution,
              registrar: attested.registrar,
              commitment: identityCommitment(salt, identifier),
              signature: attested.registered,
            },
          },
        );
        return sealTo({
          publicKey: attested.boxKey,
          info: hpkeInfo.enrolled,
          aad: noAad,
          plaintext: enrolledAnswer.encode({ v: 1, ...credential }),
        });
      },
      leaveContact: async (sealed, caller) => {
        this.assertCertified(caller);
        const { secretKey } = await boxOf("registry");
        const card = contactCard.decode(
          await openWith({ secretKey, info: hpkeInfo.contact, aad: noAad, sealed }),
        );
        this.#contacts.set(caller.keyId, card);
      },
      lookup: async (sealed, caller) => {
        const doctor = this.assertCertified(caller);
        const { secretKey } = await boxOf("registry");
        const { identifier } = contactLookup.decode(
          await openWith({ secretKey, info: hpkeInfo.lookUp, aad: noAad, sealed }),
        );
        const meant = this.lookupsLeadTo.get(identifier) ?? identifier;
        const fingerprint = this.#identifiers.get(`patient ${meant}`) ?? "";
        const card = this.#contacts.get(fingerprint);
        const patient = this.#certificates.get(fingerprint);
        if (card === undefined || patient === undefined)
          throw new AnamnesisError("NOT_FOUND", "Nobody with this identifier can be reached");
        const notice = encodeMessage(
          { type: "lookup.notice", body: utf8(`${doctor.name}, ${doctor.institution}`) },
          1136,
        );
        const { box, boxKey, postKey } = card;
        const sealedNotice = await sealTo({
          publicKey: boxKey,
          info: hpkeInfo.message,
          aad: box,
          plaintext: notice,
        });
        const proof = proveByCard(postKey, { box, sealed: sealedNotice });
        await this.#federation.mailbox(card.node).post(box, { sealed: sealedNotice, proof });
        return sealTo({
          publicKey: doctor.boxKey,
          info: hpkeInfo.card,
          aad: noAad,
          plaintext: contactAnswer.encode({
            v: 1,
            card,
            salt: patient.salt,
            registration: patient.registration,
          }),
        });
      },
      revoke: async () => {
        throw new AnamnesisError("FORBIDDEN", "Not here");
      },
      suspend: async () => {
        throw new AnamnesisError("FORBIDDEN", "Not here");
      },
      trace: async () => {
        throw new AnamnesisError("FORBIDDEN", "Not here");
      },
    };
  }

  /** What a registrar of the institution, who is made at need, signs about a person; about registrars the node does. */
  async register(subject: Subject, identifier: string): Promise<Registered> {
    const { institution, role } = subject;
    const registrar = role === "registrar" ? undefined : await this.#registrarOf(institution);
    const salt = randomBytes(32);
    const commitment = identityCommitment(salt, identifier);
    const signature = sign({
      type: "REGISTERED",
      message: registeredBytes({ ...subject, commitment }),
      secretKey: this.#registrarKey(institution, role),
    });
    return {
      salt,
      registration: { institution, registrar: registrar ?? null, commitment, signature },
    };
  }

  #registrarKey(institution: string, role: string): Uint8Array {
    if (this.isAlone) return keyOf("the registry itself").secretKey;
    return keyOf(role === "registrar" ? institution : `${institution} registrar`).secretKey;
  }

  /** Fingerprint of the certificate of the registrar who attests whoever {@link join}s. */
  async #registrarOf(institution: string): Promise<Uint8Array> {
    const name = `${institution} registrar`;
    const known = this.#identifiers.get(`registrar ${name}`);
    if (known !== undefined) return hexBytes(known);
    const { publicKey: signingKey } = keyOf(name);
    const { publicKey: boxKey } = await boxOf(name);
    const subject = { role: "registrar", name, institution, signingKey, boxKey } as const;
    const { certificate } = await this.certify(subject, name, await this.register(subject, name));
    return hexBytes(fingerprintOf(certificate));
  }

  async certify(
    subject: Subject,
    identifier: string,
    { salt, registration }: Registered,
  ): Promise<Credential> {
    const { der, validFrom, validTo } = await issueCertificate(
      this.#care,
      subject,
      this.#federation.clock(),
    );
    const fingerprint = fingerprintOf(der);
    const credential = { certificate: der, registration };
    this.#certificates.set(fingerprint, { der, ...subject, salt, registration });
    this.#identifiers.set(`${subject.role} ${identifier}`, fingerprint);
    if (subject.role === "patient") return credential;
    this.#federation.boxes.set(fingerprint, { owner: fingerprint, messages: [] });
    const { role, name, institution, signingKey, boxKey } = subject;
    for (const genesis of this.#federation.trust.chains.filter(
      ({ kind, institution: own }) => kind === "consortium" || own === institution,
    )) {
      const time = this.#federation.clock();
      const { registrar, commitment, signature: registered } = registration;
      const fields = {
        issuer: "care",
        fingerprint: hexBytes(fingerprint),
        name,
        role,
        institution,
        signingKey,
        boxKey,
        validFrom,
        validTo,
        der,
        registrar,
        commitment,
        registered,
      };
      const slip = makeSlip(
        "identity.certify",
        { chain: genesis.chain, time, notAfter: time + 60_000 },
        fields,
        (type, message) => this.#care.sign(type, message),
      );
      this.#federation.chains.commit(
        genesis.chain,
        slip,
        genesis.kind === "consortium" ? genesis.writer : institution,
      );
    }
    return credential;
  }

  assertCertified(caller: Parameters<typeof signedKey>[0]) {
    const certificate = this.#certificates.get(caller.keyId);
    if (certificate === undefined) throw new AnamnesisError("FORBIDDEN", "Want a certificate");
    assertSigns(caller, certificate.signingKey);
    return certificate;
  }
}

const hexBytes = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g)!, (digits) => Number.parseInt(digits, 16));
