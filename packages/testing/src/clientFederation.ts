/**
 * A whole federation in memory behind the client's ports: real chains, certificates, shares and sealed messages; no
 * sockets. Parts can be away, lag, lie or be tampered with.
 */
import { openWith, sealTo } from "@anamnesis/crypto/box";
import {
  decodeCanonical,
  encodeCanonical,
  randomBytes,
  ready,
  toHex,
  utf8,
  verifySignature,
} from "@anamnesis/crypto/verify";
import { MemoryBlobDir, createDevice } from "@anamnesis/client";
import type {
  Device,
  MailboxApi,
  Network,
  RegistryApi,
  Session,
  VaultApi,
} from "@anamnesis/client";
import * as person from "@anamnesis/client/person";
import {
  AnamnesisError,
  attestation,
  contactCard,
  contactLookup,
  encodeMessage,
  fingerprintOf,
  hpkeInfo,
  signedAttestation,
} from "@anamnesis/protocol";
import type { ContactCard, InstitutionId, Role, Trust } from "@anamnesis/protocol";
import { authority, certifyAuthority } from "../../../apps/registry/src/authority.ts";
import type { Authority } from "../../../apps/registry/src/authority.ts";
import { issueCertificate, requestedKey } from "../../../apps/registry/src/certificates.ts";
import { bytesOf, genesisTime, makeGenesis } from "./chainFixture.ts";
import { MemoryChains, assertSigns, signedKey } from "./clientChains.ts";
import { boxOf } from "./clientKeys.ts";
import { careGenesis, realKeys } from "./clientGenesis.ts";
import { MemoryProxies } from "./clientProxies.ts";
import { memoryVault } from "./clientVault.ts";
import { makeSlip } from "@anamnesis/protocol";

const noAad = new Uint8Array(0);

interface Box {
  /** Who reads it: a bare key, or a certificate's fingerprint. */
  readonly owner: Uint8Array | string;
  readonly messages: { readonly id: string; readonly sealed: Uint8Array }[];
}

export class ClientFederation implements Network {
  readonly trust: Trust;
  readonly chains: MemoryChains;
  readonly proxies: MemoryProxies;
  /** Stored objects by id; tests change them. */
  readonly objects = new Map<string, Uint8Array>();
  /** Messages that lie in boxes, by box id. */
  readonly boxes = new Map<string, Box>();
  /** Added to the clock, milliseconds. */
  skewMs = 0;
  /** Objects whose upload fails with STORAGE_FULL from this many on. */
  vaultFullAfter = Number.POSITIVE_INFINITY;
  readonly #care: Authority;
  readonly #contacts = new Map<string, ContactCard>();
  readonly #identifiers = new Map<string, string>();
  readonly #certificates = new Map<
    string,
    Parameters<typeof issueCertificate>[1] & { readonly der: Uint8Array }
  >();
  readonly #started = Date.now();
  #messages = 0;

  private constructor(trust: Trust, care: Authority) {
    this.trust = trust;
    this.#care = care;
    this.chains = new MemoryChains(trust.chains, this.clock);
    this.proxies = new MemoryProxies(trust, this.chains, this.clock);
  }

  static async make(name = "one"): Promise<ClientFederation> {
    await ready();
    const [rootSeed, careSeed] = [bytesOf(`${name} root`), bytesOf(`${name} care`)];
    const root = await authority(
      "root",
      rootSeed,
      await certifyAuthority({ id: "root", seed: rootSeed }, undefined, genesisTime),
    );
    const care = await authority(
      "care",
      careSeed,
      await certifyAuthority({ id: "care", seed: careSeed }, root, genesisTime),
    );
    const consortium = await realKeys(makeGenesis("consortium", {}, `${name}-consortium`), [
      root,
      care,
    ]);
    const hospitals = ["general-hospital", "city-hospital"] as InstitutionId[];
    const careChains = await Promise.all(
      hospitals.map((id) => realKeys(careGenesis(id, `${name}-${id}`), [root, care])),
    );
    return new ClientFederation({ v: 1, chains: [consortium, ...careChains] }, care);
  }

  readonly clock = (): number => genesisTime + 60_000 + (Date.now() - this.#started) + this.skewMs;

  session(device: Device): Session {
    return { device, trust: this.trust, network: this, clock: this.clock, random: randomBytes };
  }

  /** A person with a device in memory, enrolled by the registry; patients with a contact box. */
  async join(
    role: Role,
    name: string,
    institution = "general-hospital",
    identifier = name,
  ): Promise<Session> {
    const device = await createDevice(
      new MemoryBlobDir(),
      person.makeKeys({ role, name, institution }),
      { demo: true },
    );
    const request = decodeCanonical(await person.certificateRequest(device)) as {
      request: Uint8Array;
      boxKey: Uint8Array;
    };
    const signingKey = await requestedKey(request.request);
    const der = await this.#certify(
      {
        role,
        name: role === "patient" ? "" : name,
        institution,
        signingKey,
        boxKey: request.boxKey,
      },
      identifier,
    );
    await person.keepCertificate(device, this.trust, der);
    const session = this.session(device);
    if (role === "patient") await person.openContactBox(session);
    return session;
  }

  node(institution: string) {
    return this.chains.node(institution);
  }

  proxy(index: number) {
    return this.proxies.proxy(index);
  }

  mailbox(institution: string): MailboxApi {
    const own = (box: Uint8Array): Box => {
      if (this.chains.away.has(institution)) throw new AnamnesisError("UNAVAILABLE", "Away");
      const found = this.boxes.get(toHex(box));
      if (found === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such box here");
      return found;
    };
    return {
      open: async (box, _boxKey, caller) => {
        const owner = signedKey(caller);
        if (owner === undefined) throw new AnamnesisError("FORBIDDEN", "Want the box's own key");
        if (!this.boxes.has(toHex(box))) this.boxes.set(toHex(box), { owner, messages: [] });
      },
      post: async (box, sealed) => {
        if (sealed.length % 4096 !== 0)
          throw new AnamnesisError("BAD_REQUEST", "Want whole buckets");
        this.#messages += 1;
        own(box).messages.push({ id: String(this.#messages).padStart(28, "0"), sealed });
      },
      read: async (box, { waitMs, signal }, caller) => {
        const found = own(box);
        this.#assertReads(found, caller);
        for (
          let left = waitMs;
          left > 0 && found.messages.length === 0 && signal?.aborted !== true;
          left -= 10
        ) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        return [...found.messages];
      },
      remove: async (box, message, caller) => {
        const found = own(box);
        this.#assertReads(found, caller);
        const at = found.messages.findIndex(({ id }) => id === message);
        if (at >= 0) found.messages.splice(at, 1);
      },
    };
  }

  vault(): VaultApi {
    return memoryVault(this);
  }

  registry(): RegistryApi {
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
        const der = await this.#certify(
          { ...attested, signingKey: await requestedKey(attested.request) },
          attested.identifier,
        );
        return sealTo({
          publicKey: attested.boxKey,
          info: hpkeInfo.enrolled,
          aad: noAad,
          plaintext: der,
        });
      },
      leaveContact: async (sealed, caller) => {
        this.#assertCertified(caller);
        const { secretKey } = await boxOf("registry");
        const card = contactCard.decode(
          await openWith({ secretKey, info: hpkeInfo.contact, aad: noAad, sealed }),
        );
        this.#contacts.set(caller.keyId, card);
      },
      lookup: async (sealed, caller) => {
        const doctor = this.#assertCertified(caller);
        const { secretKey } = await boxOf("registry");
        const { identifier } = contactLookup.decode(
          await openWith({ secretKey, info: hpkeInfo.lookUp, aad: noAad, sealed }),
        );
        const card = this.#contacts.get(this.#identifiers.get(`patient ${identifier}`) ?? "");
        if (card === undefined)
          throw new AnamnesisError("NOT_FOUND", "Nobody with this identifier can be reached");
        const notice = encodeMessage(
          { type: "lookup.notice", body: utf8(`${doctor.name}, ${doctor.institution}`) },
          1136,
        );
        await this.mailbox(card.node).post(
          card.box,
          await sealTo({
            publicKey: card.boxKey,
            info: hpkeInfo.message,
            aad: card.box,
            plaintext: notice,
          }),
        );
        return sealTo({
          publicKey: doctor.boxKey,
          info: hpkeInfo.card,
          aad: noAad,
          plaintext: encodeCanonical({ ...card }),
        });
      },
      revoke: async () => {
        throw new AnamnesisError("FORBIDDEN", "Not here");
      },
    };
  }

  async #certify(
    subject: Parameters<typeof issueCertificate>[1],
    identifier: string,
  ): Promise<Uint8Array> {
    const { der, validFrom, validTo } = await issueCertificate(this.#care, subject, this.clock());
    const fingerprint = fingerprintOf(der);
    this.#certificates.set(fingerprint, { der, ...subject });
    this.#identifiers.set(`${subject.role} ${identifier}`, fingerprint);
    if (subject.role === "patient") return der;
    this.boxes.set(fingerprint, { owner: fingerprint, messages: [] });
    const { role, name, institution, signingKey, boxKey } = subject;
    for (const genesis of this.trust.chains.filter(
      ({ kind, institution: own }) => kind === "consortium" || own === institution,
    )) {
      const time = this.clock();
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
      };
      const slip = makeSlip(
        "identity.certify",
        { chain: genesis.chain, time, notAfter: time + 60_000 },
        fields,
        (type, message) => this.#care.sign(type, message),
      );
      this.chains.commit(
        genesis.chain,
        slip,
        genesis.kind === "consortium" ? genesis.writer : institution,
      );
    }
    return der;
  }

  #assertReads({ owner }: Box, caller: Parameters<typeof signedKey>[0]): void {
    const isOwner =
      typeof owner === "string"
        ? owner === caller.keyId && this.#assertCertified(caller) !== undefined
        : toHex(signedKey(caller) ?? noAad) === toHex(owner);
    if (!isOwner) throw new AnamnesisError("FORBIDDEN", "This box is another's");
  }

  #assertCertified(caller: Parameters<typeof signedKey>[0]) {
    const certificate = this.#certificates.get(caller.keyId);
    if (certificate === undefined) throw new AnamnesisError("FORBIDDEN", "Want a certificate");
    assertSigns(caller, certificate.signingKey);
    return certificate;
  }
}

const hexBytes = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g)!, (digits) => Number.parseInt(digits, 16));
