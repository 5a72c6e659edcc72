import { mkdir } from "node:fs/promises";
import { AnamnesisError, vaultRoutes } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { Disk } from "./disk.ts";
import { replicaFolders } from "./dataDirectory.ts";
import { holding, serve } from "@anamnesis/server";
import type { HttpConfig, Server } from "@anamnesis/server";
import { ReplicaSet } from "./replicaSet.ts";
import type { ScrubResult } from "./replicaSet.ts";
import { routes } from "./routes.ts";

export interface VaultConfig extends HttpConfig {
  /** By which id the consortium's genesis names it: it honours tickets for this vault alone. */
  readonly id: string;
  /** The chains of the federation: their members' nodes sign tickets. */
  readonly trust: Trust;
  /** What {@link initDataDirectory} made; may be left out where `replicas` are named. */
  readonly dataDirectory?: string;
  /** Directories, at least two; default those in the data directory. */
  readonly replicas?: readonly string[];
  /** Most bytes a replica; default the disk's. */
  readonly quotaBytes?: number;
  /** Largest object; default 4 GiB. */
  readonly objectBytesMax?: number;
  /** How often every replica is checked; default once a day, 0 for never. */
  readonly scrubEveryMs?: number;
  /** Unix milliseconds; default the machine's. */
  readonly now?: () => number;
}

export interface Vault extends Server {
  scrub(): Promise<ScrubResult>;
}

const DAY_MS = 24 * 3_600_000;
const OBJECT_BYTES_MAX = 4 * 1024 ** 3;

/**
 * Starts a vault. Resolves once it listens.
 *
 * @throws {AnamnesisError} BAD_REQUEST for fewer than two replicas, ALREADY_RUNNING if one of them is in use.
 */
export async function startVault(config: VaultConfig): Promise<Vault> {
  const folders = config.replicas ?? foldersOf(config.dataDirectory);
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  return holding(folders, () => start(folders, config));
}

async function start(folders: readonly string[], config: VaultConfig): Promise<Vault> {
  const quota = config.quotaBytes === undefined ? {} : { quotaBytes: config.quotaBytes };
  const objects = new ReplicaSet(
    await Promise.all(folders.map((folder) => Disk.at(folder, quota))),
  );
  const now = config.now ?? Date.now;
  const server = await serve(
    "vault",
    vaultRoutes,
    routes({
      objects,
      vault: config.id,
      chains: new Map(config.trust.chains.map((genesis) => [genesis.chain, genesis])),
      objectBytesMax: config.objectBytesMax ?? OBJECT_BYTES_MAX,
      now,
    }),
    { ...config, now },
  );
  const every = config.scrubEveryMs ?? DAY_MS;
  const timer =
    every === 0 ? undefined : setInterval(() => void objects.scrub().catch(() => undefined), every);
  timer?.unref();
  return {
    address: server.address,
    scrub: () => objects.scrub(),
    stop: async () => {
      clearInterval(timer);
      await server.stop();
    },
  };
}

function foldersOf(dataDirectory: string | undefined): string[] {
  if (dataDirectory === undefined)
    throw new AnamnesisError("BAD_REQUEST", "Vault has neither a data directory nor replicas");
  return replicaFolders(dataDirectory);
}
