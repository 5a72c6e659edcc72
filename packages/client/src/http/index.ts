import { Part } from "@anamnesis/http";
import type { HttpOptions } from "@anamnesis/http";
import { AnamnesisError, consortiumOf, memberOf } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import type { Network } from "../ports.ts";
import { httpNode } from "./node.ts";
import { httpMailbox, httpProxy, httpRegistry, httpVault } from "./parties.ts";

export { httpBlobDir } from "./blobDir.ts";
export type { HttpOptions } from "@anamnesis/http";

/** Every party over HTTP, at the addresses of the trust file. */
export function httpNetwork(trust: Trust, options: HttpOptions = {}): Network {
  const genesis = consortiumOf(trust);
  const { proxies, registry, vaults } = genesis.consortium;
  const part = (name: string, address: string, more: HttpOptions = {}): Part =>
    new Part(name, address, { ...options, ...more });
  const nodePart = (institution: string, signal: AbortSignal | undefined): Part =>
    part(`node of ${institution}`, memberOf(genesis, institution).address, { signal });
  const vaultApis = new Map(
    vaults.map(({ id, institution, address }) => [
      id,
      httpVault(part(`vault of ${institution}`, address)),
    ]),
  );
  return {
    node: (institution, signal) => httpNode(nodePart(institution, signal)),
    mailbox: (institution, signal) => httpMailbox(nodePart(institution, signal)),
    vault: (id) => {
      const vault = vaultApis.get(id);
      if (vault === undefined)
        throw new AnamnesisError("NOT_FOUND", `Vault '${id}' is not of this federation`);
      return vault;
    },
    proxy: (index, signal) => {
      const proxy = proxies.find((member) => member.index === index);
      if (proxy === undefined)
        throw new AnamnesisError("NOT_FOUND", `Proxy ${index} is not of this federation`);
      return httpProxy(part(`proxy of ${proxy.institution}`, proxy.address, { signal }));
    },
    registry: () => httpRegistry(part("registry", registry.address)),
  };
}
