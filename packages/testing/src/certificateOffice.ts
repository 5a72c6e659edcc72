/** Certificates and revocation lists as the registry makes them, from the authorities that genesis documents name. */
import { handling, serve } from "@anamnesis/server";
import type { Certified } from "@anamnesis/server";
import { AnamnesisError, registryRoutes } from "@anamnesis/protocol";
import type { CaKey, Role } from "@anamnesis/protocol";
import { authority, caKey, certifyAuthority } from "../../../apps/registry/src/authority.ts";
import type { Authority, IssuerId } from "../../../apps/registry/src/authority.ts";
import { issueCertificate } from "../../../apps/registry/src/certificates.ts";
import type { Issued } from "../../../apps/registry/src/certificates.ts";
import { revocationList } from "../../../apps/registry/src/revocationLists.ts";
import { boxKeyOf, keyOf } from "./keys.ts";

/** What `GET /crl` answers (H-40). */
export interface Lists {
  readonly care: Uint8Array;
  readonly thirdParties: Uint8Array;
}

export class CertificateOffice {
  readonly cas: readonly CaKey[];
  readonly care: Authority;
  readonly thirdParties: Authority;
  readonly #revoked = new Set<{ serial: string; issuer: IssuerId; time: number }>();

  constructor(input: Pick<CertificateOffice, "cas" | "care" | "thirdParties">) {
    this.cas = input.cas;
    this.care = input.care;
    this.thirdParties = input.thirdParties;
  }

  /**
   * @param label - Whose keys: those that genesis documents name, or with a label a stranger's.
   * @param now - When the authorities are certified.
   */
  static async make(label = "", now = Date.now()): Promise<CertificateOffice> {
    const seed = (id: string): Uint8Array => keyOf(`${label}${id}`).secretKey;
    const made = async (id: Authority["id"], issuer?: Authority): Promise<Authority> =>
      authority(id, seed(id), await certifyAuthority({ id, seed: seed(id) }, issuer, now));
    const root = await made("root");
    const care = await made("care", root);
    const thirdParties = await made("third-parties", root);
    return new CertificateOffice({
      cas: [root, care, thirdParties].map(caKey),
      care,
      thirdParties,
    });
  }

  /** A certificate over the keys that `name` labels, issued at `time`. */
  issue(
    name: string,
    { role = "patient" as Role, time = Date.now(), issuer = this.care } = {},
  ): Promise<Issued> {
    const subject = {
      role,
      name,
      institution: "general-hospital",
      signingKey: keyOf(name).publicKey,
      boxKey: boxKeyOf(name),
    };
    return issueCertificate(issuer, subject, time);
  }

  /** Puts a certificate on its issuer's list. @returns what takes it off again */
  revoke(
    { serial }: Pick<Issued, "serial">,
    { issuer = "care" as IssuerId, time = Date.now() } = {},
  ): () => void {
    const entry = { serial, issuer, time };
    this.#revoked.add(entry);
    return () => void this.#revoked.delete(entry);
  }

  /** The lists as they are, made at `time`; signed by another office's authorities if given. */
  async lists({ time = Date.now(), signedBy = this as CertificateOffice } = {}): Promise<Lists> {
    const kept = { revoked: [...this.#revoked], hold: [] };
    const store = { values: (kind: keyof typeof kept) => kept[kind] } as unknown as Parameters<
      typeof revocationList
    >[0];
    return {
      care: await revocationList(store, signedBy.care, time),
      thirdParties: await revocationList(store, signedBy.thirdParties, time),
    };
  }
}

/** A registry that answers `GET /crl` and nothing else. */
export interface ListServer {
  readonly address: string;
  /** What it answers; undefined to fail. */
  lists: (() => Promise<Lists>) | undefined;
  /** How often it was asked. */
  asked: number;
  stop(): Promise<void>;
}

export async function startListServer(lists: () => Promise<Lists>): Promise<ListServer> {
  const answering: Pick<ListServer, "lists" | "asked"> = { lists, asked: 0 };
  const routes = { getRevocationLists: registryRoutes.getRevocationLists };
  const lying = handling<Certified>()(routes.getRevocationLists, async () => {
    answering.asked += 1;
    if (answering.lists === undefined)
      throw new AnamnesisError("UNAVAILABLE", "The list server was told to fail");
    return answering.lists();
  });
  const { address, stop } = await serve("registry", routes, [lying], {
    logLevel: "silent",
    now: Date.now,
  });
  return Object.assign(answering, { address, stop });
}
