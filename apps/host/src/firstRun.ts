import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  careChainOfGenesis,
  genesisJson,
  parseChainId,
  parseInstitutionId,
  trustJson,
} from "@anamnesis/protocol";
import type {
  CaKey,
  Genesis,
  GenesisRegistrar,
  Member,
  ProxyMember,
  Trust,
} from "@anamnesis/protocol";
import type { Protection } from "@anamnesis/client";
import { places, writeAtomically, writeFederation } from "@anamnesis/client/folder";
import type { FederationFile } from "@anamnesis/client/folder";
import type { Child } from "./childProcess.ts";
import { dataDirectoryOf, registryDirectory, registryKeyFile } from "./dataDirectories.ts";
import { freePorts } from "./ports.ts";
import { careInstitutions, vaultIdOf } from "./profiles/federation.ts";
import type { Profile } from "./profiles/federation.ts";
import { certifyRegistrars } from "./registrars.ts";

export type PublicNodeKeys = Pick<Member, "nodeKey" | "consensusKey" | "boxKey">;

/** The public halves that the data directories answer once their keys are born. */
interface PublicKeys {
  readonly nodes: ReadonlyMap<string, PublicNodeKeys>;
  readonly proxies: ReadonlyMap<string, { key: Uint8Array; boxKey: Uint8Array }>;
  readonly registry: {
    readonly cas: readonly CaKey[];
    readonly boxKey: Uint8Array;
    readonly traceKey: Uint8Array;
  };
}

/**
 * Makes a federation: data directories with their keys, ports, each institution's registrar, genesis documents, trust.json, and last federation.json. Without
 * that last file the first run is not done, and starts over.
 *
 * @param processes - One child for each institution, the registry and the vaults: keys are born there and only their
 * public halves come back.
 */
export async function makeFederation(
  dir: string,
  profile: Profile,
  options: {
    readonly demo: boolean;
    readonly processes: ReadonlyMap<string, Child>;
    /** Seals the registrars' devices. */
    readonly protection: Protection;
  },
): Promise<FederationFile> {
  const at = places(dir);
  for (const left of [at.genesis, at.data, at.secrets, at.vaults, at.devices, at.attending]) {
    await rm(left, { recursive: true, force: true });
  }
  for (const folder of [at.genesis, at.data, at.secrets, at.vaults, at.devices, at.attending]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const child = (name: string): Child => {
    const found = options.processes.get(name);
    if (found === undefined) throw new Error(`No child process for ${name}`);
    return found;
  };
  const keys = await makeDataDirectories(dir, profile, child);
  const file = await planFile(profile, options.demo);
  const withRegistrars = (certified: readonly GenesisRegistrar[]): Trust => ({
    v: 1,
    chains: genesisDocuments(profile, file, keys, certified),
  });
  const { protection } = options;
  const founding = { trust: withRegistrars([]), protection, child };
  const registrars = await certifyRegistrars(dir, profile, founding);
  try {
    const trust = withRegistrars(registrars.certified);
    for (const genesis of trust.chains) {
      await writeAtomically(join(at.genesis, `${genesis.chain}.json`), genesisJson(genesis));
    }
    await writeAtomically(at.trust, trustJson(trust));
    await registrars.keep();
  } finally {
    registrars.end();
  }
  await writeFederation(dir, file);
  return file;
}

async function makeDataDirectories(
  dir: string,
  profile: Profile,
  child: (name: string) => Child,
): Promise<PublicKeys> {
  const nodes = Promise.all(
    profile.institutions.map(async ({ id }) => {
      const made = await child(id).call(
        "node",
        "initDataDirectory",
        dataDirectoryOf(dir, id, "node"),
      );
      return [id, made as PublicNodeKeys] as const;
    }),
  );
  const proxies = Promise.all(
    profile.proxies.map(async (id) => {
      const made = await child(id).call(
        "proxy",
        "initDataDirectory",
        dataDirectoryOf(dir, id, "proxy"),
      );
      return [id, made as { key: Uint8Array; boxKey: Uint8Array }] as const;
    }),
  );
  const registry = child("registry").call("registry", "initDataDirectory", registryDirectory(dir), {
    keyFile: registryKeyFile(dir),
  });
  const [nodeKeys, proxyKeys, authority] = await Promise.all([nodes, proxies, registry]);
  return {
    nodes: new Map(nodeKeys),
    proxies: new Map(proxyKeys),
    registry: authority as PublicKeys["registry"],
  };
}

async function planFile(profile: Profile, demo: boolean): Promise<FederationFile> {
  const prefix = `${demo ? "demo" : "ana"}-${randomBytes(3).toString("hex")}`;
  const care = careInstitutions(profile);
  const ports = await freePorts(
    profile.institutions.length + profile.proxies.length + care.length + 1,
  );
  const next = (): number => ports.pop() ?? 0;
  return {
    v: 1,
    profile: profile.name,
    demo,
    consortium: `${prefix}-consortium`,
    care: Object.fromEntries(care.map(({ id }) => [id, `${prefix}-${id}`])),
    ports: {
      nodes: Object.fromEntries(profile.institutions.map(({ id }) => [id, next()])),
      proxies: Object.fromEntries(profile.proxies.map((id) => [id, next()])),
      registry: next(),
      vaults: Object.fromEntries(care.map(({ id }) => [vaultIdOf(id), next()])),
    },
    seeded: [],
  };
}

export const loopback = (port: number | undefined): string => `http://127.0.0.1:${port ?? 0}`;

function genesisDocuments(
  profile: Profile,
  file: FederationFile,
  keys: PublicKeys,
  registrars: readonly GenesisRegistrar[],
): Genesis[] {
  const member = (id: string): Member => {
    const about = profile.institutions.find((institution) => institution.id === id);
    const made = keys.nodes.get(id);
    if (about === undefined || made === undefined)
      throw new Error(`Profile names no institution ${id}`);
    const address = loopback(file.ports.nodes[id]);
    return {
      id: parseInstitutionId(id),
      name: about.name,
      level: about.level,
      power: about.level === "third-party" ? 0 : 1,
      nodeKey: made.nodeKey,
      consensusKey: made.consensusKey,
      boxKey: made.boxKey,
      address,
    };
  };
  const shared = {
    v: 1,
    demo: file.demo,
    time: Date.now(),
    authority: parseInstitutionId(profile.consortiumWriter),
    params: {
      pageSlips: profile.page.slips,
      pageSeconds: profile.page.seconds,
      heartbeatSeconds: profile.heartbeatSeconds,
    },
    cas: keys.registry.cas,
  } as const;
  const care = careInstitutions(profile).map(({ id }) => ({
    ...shared,
    chain: parseChainId(file.care[id] ?? ""),
    kind: "care" as const,
    institution: parseInstitutionId(id),
    writer: parseInstitutionId(id),
    policy: profile.policies.care,
    members: [id, ...profile.careMembers].map(member),
    registrars: registrars.filter(({ institution }) => institution === id),
  }));
  const consortium: Genesis = {
    ...shared,
    chain: parseChainId(file.consortium),
    kind: "consortium",
    writer: parseInstitutionId(profile.consortiumWriter),
    policy: profile.policies.consortium,
    members: profile.institutions.map(({ id }) => member(id)),
    registrars,
    consortium: {
      k: profile.k,
      proxies: profile.proxies.map((id, at) => proxyMember(id, at + 1, file, keys)),
      registry: {
        institution: parseInstitutionId(profile.registry),
        boxKey: keys.registry.boxKey,
        traceKey: keys.registry.traceKey,
        address: loopback(file.ports.registry),
      },
      vaults: careInstitutions(profile).map(({ id }) => ({
        id: vaultIdOf(id),
        institution: parseInstitutionId(id),
        address: loopback(file.ports.vaults[vaultIdOf(id)]),
      })),
      careChains: care.map(careChainOfGenesis),
    },
  };
  return [consortium, ...care];
}

function proxyMember(
  id: string,
  index: number,
  file: FederationFile,
  keys: PublicKeys,
): ProxyMember {
  const made = keys.proxies.get(id);
  if (made === undefined) throw new Error(`Profile names no proxy at ${id}`);
  return {
    index,
    institution: parseInstitutionId(id),
    key: made.key,
    boxKey: made.boxKey,
    address: loopback(file.ports.proxies[id]),
  };
}
