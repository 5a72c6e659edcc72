import { mkdir } from "node:fs/promises";
import { consortiumOf, vaultRoutes } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { holding, serve } from "@anamnesis/server";
import type { HttpConfig, Server } from "@anamnesis/server";
import { Disk } from "./disk.ts";
import { httpPeers } from "./peers.ts";
import type { Peers } from "./peers.ts";
import { Repairs } from "./repairs.ts";
import type { ScrubResult } from "./repairs.ts";
import type { RoomLimits } from "./room.ts";
import { routes } from "./routes.ts";

export interface VaultConfig extends HttpConfig {
  /** By which id the consortium's genesis names it: it honours tickets for this vault alone. */
  readonly id: string;
  /** The chains of the federation, whose members' nodes sign tickets, and its other vaults. */
  readonly trust: Trust;
  readonly dataDirectory: string;
  /** Most bytes of all objects; default the disk's. */
  readonly quotaBytes?: number;
  /** Most bytes of each institution but the one whose vault it is; default 256 GiB. */
  readonly guestBytesMax?: number;
  /** Largest object; default 4 GiB. */
  readonly objectBytesMax?: number;
  /** How long an object lies here that nobody has kept; default 30 days. */
  readonly unkeptMs?: number;
  /** How often every object is checked; default once a day, 0 for never. */
  readonly scrubEveryMs?: number;
  /** Default the vaults of the trust file, over HTTP. */
  readonly peers?: Peers;
  /** Unix milliseconds; default the machine's. */
  readonly now?: () => number;
}

export interface Vault extends Server {
  scrub(): Promise<ScrubResult>;
}

const DAY_MS = 24 * 3_600_000;
const GIB = 1024 ** 3;

/**
 * Starts a vault. Resolves once it listens.
 *
 * @throws {AnamnesisError} ALREADY_RUNNING if its data directory is in use.
 */
export async function startVault(config: VaultConfig): Promise<Vault> {
  await mkdir(config.dataDirectory, { recursive: true, mode: 0o700 });
  return holding([config.dataDirectory], () => start(config));
}

async function start(config: VaultConfig): Promise<Vault> {
  const { id, trust, dataDirectory, now = Date.now, unkeptMs = 30 * DAY_MS } = config;
  const chains = new Map(trust.chains.map((genesis) => [genesis.chain, genesis]));
  const objects = await Disk.at(dataDirectory, { limits: limitsOf(config), now });
  const peers = config.peers ?? httpPeers(trust, id);
  const repairs = new Repairs(objects, peers, [...chains.keys()]);
  const scrub = (): Promise<ScrubResult> => repairs.scrub(now() - unkeptMs);
  const deps = {
    objects,
    repairs,
    vault: id,
    chains,
    objectBytesMax: config.objectBytesMax ?? 4 * GIB,
    scrub,
    now,
  };
  const server = await serve("vault", vaultRoutes, routes(deps), { ...config, now });
  const every = config.scrubEveryMs ?? DAY_MS;
  const timer =
    every === 0 ? undefined : setInterval(() => void scrub().catch(() => undefined), every);
  timer?.unref();
  return {
    address: server.address,
    scrub,
    stop: async () => {
      clearInterval(timer);
      await server.stop();
      await repairs.settled();
    },
  };
}

/** An institution has all the room of its own vault, the others a share each. */
function limitsOf({ id, trust, quotaBytes, guestBytesMax }: VaultConfig): RoomLimits {
  const { vaults } = consortiumOf(trust).consortium;
  const owner = vaults.find((vault) => vault.id === id)?.institution;
  const own = trust.chains.find(({ institution }) => institution === owner)?.chain;
  return {
    bytes: quotaBytes ?? Number.POSITIVE_INFINITY,
    bytesOf: (chain) =>
      owner !== undefined && chain === own
        ? Number.POSITIVE_INFINITY
        : (guestBytesMax ?? 256 * GIB),
  };
}
