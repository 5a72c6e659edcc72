/** Certification authorities with their secret keys, and a server of their revocation lists: for tests of nodes. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes } from "@anamnesis/crypto/verify";
import type { CaKey, Role } from "@anamnesis/protocol";
import { authority, caKey, certifyAuthority } from "../apps/registry/src/authority.ts";
import type { Authority, AuthorityId } from "../apps/registry/src/authority.ts";
import { issueCertificate } from "../apps/registry/src/certificates.ts";
import type { Issued } from "../apps/registry/src/certificates.ts";
import { revocationList } from "../apps/registry/src/revocationLists.ts";

export class TestRegistry {
  readonly address: string;
  readonly cas: readonly CaKey[];
  readonly #authorities: Readonly<Record<AuthorityId, Authority>>;
  readonly #revoked: { serial: string; issuer: string; time: number }[] = [];
  readonly #close: () => Promise<void>;
  /** What `GET /crl` does. */
  answers: "well" | "not" | "forged" = "well";
  requests = 0;

  constructor(
    authorities: Readonly<Record<AuthorityId, Authority>>,
    address: string,
    close: () => Promise<void>,
  ) {
    this.#authorities = authorities;
    this.address = address;
    this.#close = close;
    this.cas = Object.values(authorities).map(caKey);
  }

  static async start(): Promise<TestRegistry> {
    const made = await newAuthorities();
    const started: { registry?: TestRegistry } = {};
    const server = createServer((_request, response) => {
      void started.registry?.lists().then((lists) => {
        if (lists === undefined) return response.destroy();
        return response.setHeader("content-type", "application/json").end(JSON.stringify(lists));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    started.registry = new TestRegistry(made, `http://127.0.0.1:${port}`, close);
    return started.registry;
  }

  /** A person's certificate by the care intermediate; `by` another. */
  issue(
    person: { signingKey: Uint8Array; boxKey: Uint8Array; role?: Role },
    options: { by?: Authority; now?: number } = {},
  ): Promise<Issued> {
    const { role = "patient", ...keys } = person;
    const subject = { role, name: "A Name", institution: "general-hospital", ...keys };
    return issueCertificate(
      options.by ?? this.#authorities.care,
      subject,
      options.now ?? Date.now(),
    );
  }

  revoke({ serial }: Issued): void {
    this.#revoked.push({ serial, issuer: "care", time: Date.now() });
  }

  async lists(): Promise<{ care: string; thirdParties: string } | undefined> {
    this.requests += 1;
    if (this.answers === "not") return undefined;
    const { care, "third-parties": thirdParties } =
      this.answers === "well" ? this.#authorities : await newAuthorities();
    const store = { values: () => this.#revoked } as unknown as Parameters<
      typeof revocationList
    >[0];
    const list = async (by: Authority): Promise<string> =>
      Buffer.from(await revocationList(store, by, Date.now())).toString("base64url");
    return { care: await list(care), thirdParties: await list(thirdParties) };
  }

  stop(): Promise<void> {
    return this.#close();
  }
}

/** A root and the intermediates that it certifies. */
export async function newAuthorities(): Promise<Record<AuthorityId, Authority>> {
  const now = Date.now();
  const make = async (id: AuthorityId, issuer?: Authority): Promise<Authority> => {
    const seed = randomBytes(32);
    return authority(id, seed, await certifyAuthority({ id, seed }, issuer, now));
  };
  const root = await make("root");
  return {
    root,
    care: await make("care", root),
    "third-parties": await make("third-parties", root),
  };
}
