import { join } from "node:path";
import type { Trust } from "@anamnesis/protocol";
import { places } from "@anamnesis/client/folder";
import type { FederationFile } from "@anamnesis/client/folder";
import { dataDirectoryOf, registryDirectory, registryKeyFile } from "./dataDirectories.ts";
import { loopback } from "./firstRun.ts";
import { careInstitutions, vaultIdOf } from "./profiles/federation.ts";
import type { Profile } from "./profiles/federation.ts";

/** One server that a child starts: the app, what it exports, and its configuration. */
export interface Service {
  readonly app: string;
  readonly start: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/** The names of the children: one per institution, the registry, and the vaults. */
export const childNames = (profile: Profile): string[] => [
  ...profile.institutions.map(({ id }) => id),
  "registry",
  ...careInstitutions(profile).map(({ id }) => vaultIdOf(id)),
];

/** What each child runs. @param origins - Web origins whose pages may call the servers: the portal's. */
export function childPlan(
  dir: string,
  profile: Profile,
  file: FederationFile,
  trust: Trust,
  origins: readonly string[],
): ReadonlyMap<string, readonly Service[]> {
  const shared = { host: "127.0.0.1", logLevel: "warn", corsOrigins: origins } as const;
  const plan = new Map<string, Service[]>();
  for (const { id } of profile.institutions) {
    const genesis = trust.chains.filter(({ members }) =>
      members.some((member) => member.id === id),
    );
    const node: Service = {
      app: "node",
      start: "startNode",
      config: {
        ...shared,
        dataDirectory: dataDirectoryOf(dir, id, "node"),
        institution: id,
        genesis,
        port: file.ports.nodes[id],
      },
    };
    plan.set(id, [node]);
  }
  for (const [at, id] of profile.proxies.entries()) {
    plan.get(id)?.push({
      app: "proxy",
      start: "startProxy",
      config: {
        ...shared,
        dataDirectory: dataDirectoryOf(dir, id, "proxy"),
        institution: id,
        index: at + 1,
        trust,
        nodeAddress: loopback(file.ports.nodes[id]),
        port: file.ports.proxies[id],
      },
    });
  }
  plan.set("registry", [
    {
      app: "registry",
      start: "startRegistry",
      config: {
        ...shared,
        dataDirectory: registryDirectory(dir),
        keyFile: registryKeyFile(dir),
        trust,
        port: file.ports.registry,
      },
    },
  ]);
  for (const { id: institution } of careInstitutions(profile)) {
    const id = vaultIdOf(institution);
    const dataDirectory = join(places(dir).vaults, id);
    const config = { ...shared, id, dataDirectory, trust, port: file.ports.vaults[id] };
    plan.set(id, [{ app: "vault", start: "startVault", config }]);
  }
  return plan;
}
