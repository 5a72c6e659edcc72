/**
 * A whole federation in memory behind the client's ports: real chains, certificates, shares and sealed messages; no
 * sockets. Parts can be away, lag, lie or be tampered with.
 */
import { decodeCanonical, randomBytes, ready, toHex } from "@anamnesis/crypto/verify";
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
import { AnamnesisError, requestedKey, verifyPostProof } from "@anamnesis/protocol";
import type { Role, Trust } from "@anamnesis/protocol";
import type { Authority } from "../../../../apps/registry/src/authority.ts";
import { genesisTime, hospital, makeTrust, otherHospital, realBoxes } from "../federation.ts";
import { MemoryChains, signedKey } from "./chains.ts";
import { MemoryProxies } from "./proxies.ts";
import { MemoryRegistry } from "./registry.ts";
import { MemoryVaults } from "./vault.ts";
import { CertificateOffice } from "../certificateOffice.ts";

const noAad = new Uint8Array(0);

export interface Box {
  /** Who reads it: a bare key, or a certificate's fingerprint. */
  readonly owner: Uint8Array | string;
  /** As its owner set it. */
  postKey?: Uint8Array;
  /** `expected`: the writer showed by what room is kept for them. */
  readonly messages: {
    readonly id: string;
    readonly sealed: Uint8Array;
    readonly expected: boolean;
  }[];
}

export class ClientFederation implements Network {
  readonly trust: Trust;
  readonly chains: MemoryChains;
  readonly proxies: MemoryProxies;
  readonly people: MemoryRegistry;
  readonly vaults: MemoryVaults;
  /** Messages that lie in boxes, by box id. */
  readonly boxes = new Map<string, Box>();
  /** Added to the clock, milliseconds. */
  skewMs = 0;
  readonly #started = Date.now();
  #messages = 0;

  private constructor(trust: Trust, care: Authority) {
    this.trust = trust;
    this.chains = new MemoryChains(trust.chains, this.clock);
    this.proxies = new MemoryProxies(trust, this.chains, this.clock);
    this.people = new MemoryRegistry(this, care);
    this.vaults = new MemoryVaults(trust);
  }

  static async make(name = "one"): Promise<ClientFederation> {
    await ready();
    const office = await CertificateOffice.make(`${name} `, genesisTime);
    const care = [hospital, otherHospital];
    const trust = makeTrust({ name, care, cas: office.cas, ...(await realBoxes()) });
    return new ClientFederation(trust, office.care);
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
    const subject = {
      role,
      name: role === "patient" ? "" : name,
      institution,
      signingKey: requestedKey(request.request),
      boxKey: request.boxKey,
    };
    const credential = await this.people.certify(
      subject,
      identifier,
      await this.people.register(subject, identifier),
    );
    await person.keepCertificate(device, this.trust, credential);
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
      open: async (box, postKey, caller) => {
        const owner = signedKey(caller);
        if (owner !== undefined && !this.boxes.has(toHex(box)))
          this.boxes.set(toHex(box), { owner, messages: [] });
        const found = own(box);
        this.#assertReads(found, caller);
        found.postKey = postKey;
      },
      post: async (box, { sealed, proof }, visit) => {
        if (sealed.length % 4096 !== 0)
          throw new AnamnesisError("BAD_REQUEST", "Want whole buckets");
        this.#messages += 1;
        const found = own(box);
        const isProved =
          proof !== null &&
          found.postKey !== undefined &&
          verifyPostProof(proof, found.postKey, { box, sealed });
        const isVisit = visit !== undefined && this.chains.isOpenVisit(visit);
        found.messages.push({
          id: String(this.#messages).padStart(28, "0"),
          sealed,
          expected: isProved || isVisit,
        });
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

  vault(id: string): VaultApi {
    const vault = this.vaults.named(id);
    return {
      isSilent: () => vault.isSilent(),
      put: (object, ticket, content) => vault.put(object, ticket, content),
      get: (object, ticket) => vault.get(object, ticket),
      keep: (object, ticket) => vault.keep(object, ticket),
    };
  }

  registry(): RegistryApi {
    return this.people.api();
  }

  #assertReads({ owner }: Box, caller: Parameters<typeof signedKey>[0]): void {
    const isOwner =
      typeof owner === "string"
        ? owner === caller.keyId && this.people.assertCertified(caller) !== undefined
        : toHex(signedKey(caller) ?? noAad) === toHex(owner);
    if (!isOwner) throw new AnamnesisError("FORBIDDEN", "This box is another's");
  }
}
