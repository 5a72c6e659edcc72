import { setTimeout } from "node:timers/promises";
import { consortiumOf, registryRoutes } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { CallerCheck, NonceJournal, holding, serve } from "@anamnesis/server";
import type { HttpConfig, Server } from "@anamnesis/server";
import type { RegistryDeps } from "./deps.ts";
import { nonceFolder, openDataDirectory } from "./dataDirectory.ts";
import type { DataPlace } from "./dataDirectory.ts";
import { NoticeOutbox } from "./noticeOutbox.ts";
import { People } from "./people.ts";
import { knownCertificate, routes } from "./routes.ts";
import { SealedStore } from "./sealedStore.ts";
import { SlipOutbox } from "./slipOutbox.ts";

export interface RegistryConfig extends HttpConfig, DataPlace {
  readonly trust: Trust;
  /** Look-ups that one doctor may make within a minute; default 30. */
  readonly lookupsPerMinute?: number;
  /** How often slips and notices that wait are tried again; default 1 s. */
  readonly retryEveryMs?: number;
  /** Unix milliseconds; default the machine's. */
  readonly now?: () => number;
}

/** Opens data directory and store. The caller closes the store. */
export async function openRegistry(
  config: Omit<RegistryConfig, keyof HttpConfig>,
): Promise<RegistryDeps> {
  const { authorities, box, trace, storeKey, storePath } = await openDataDirectory(config);
  const { trust, now = Date.now, lookupsPerMinute = 30 } = config;
  const store = new SealedStore(storePath, storeKey);
  const people = new People(store);
  const slips = new SlipOutbox({ store, people, issuers: authorities, trust, now });
  return {
    authorities,
    box,
    trace,
    store,
    people,
    slips,
    notices: new NoticeOutbox(store, now),
    trust,
    lookupsPerMinute,
    now,
  };
}

/**
 * Starts a registry. Resolves once it listens.
 *
 * @throws {AnamnesisError} ALREADY_RUNNING if its data directory is in use by another; what the operator does beside it is not.
 */
export const startRegistry = (config: RegistryConfig): Promise<Server> =>
  holding([config.dataDirectory], () => start(config));

async function start(config: RegistryConfig): Promise<Server> {
  const deps = await openRegistry(config);
  const nonces = await NonceJournal.open(nonceFolder(config.dataDirectory), deps.now());
  const { address } = consortiumOf(config.trust).consortium.registry;
  const callers = new CallerCheck({
    now: deps.now,
    nonces,
    certificateOf: async (fingerprint) => knownCertificate(deps, fingerprint),
  });
  const server = await serve("registry", registryRoutes, routes(deps), {
    ...config,
    now: deps.now,
    callers,
    authorities: config.authorities ?? [address],
  });
  const rounds = repeat(async () => {
    await deps.slips.sendAll();
    await deps.notices.sendAll();
  }, config.retryEveryMs ?? 1_000);
  return {
    address: server.address,
    stop: async () => {
      await rounds.stop();
      await server.stop();
      await nonces.close();
      await deps.store.close();
    },
  };
}

/** Runs `round` again and again, with `everyMs` between the end of one and the start of the next. */
function repeat(round: () => Promise<void>, everyMs: number): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await setTimeout(everyMs, undefined, stopping).catch(() => undefined);
      if (!stopping.signal.aborted) await round().catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
