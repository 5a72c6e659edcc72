import { pino } from "pino";
import {
  AnamnesisError,
  consortiumOf,
  mailboxRoutes,
  nodeRoutes,
  parseInstitutionId,
} from "@anamnesis/protocol";
import type { Genesis, InstitutionId } from "@anamnesis/protocol";
import { CallerCheck, NonceJournal, RevocationLists, holding, serve } from "@anamnesis/server";
import type { HttpConfig, Server } from "@anamnesis/server";
import type { Chain } from "./chain.ts";
import type { NodeDeps } from "./deps.ts";
import {
  chainFolder,
  mailboxFolder,
  nonceFolder,
  readKeys,
  tracesFolder,
} from "./dataDirectory.ts";
import { Mailbox } from "./mailbox/mailbox.ts";
import { peersOverHttp, openChain } from "./openChain.ts";
import { boxRoutes } from "./routes/boxRoutes.ts";
import { liveCertificate } from "./routes/callers.ts";
import { chainRoutes } from "./routes/chainRoutes.ts";
import { queryRoutes } from "./routes/queryRoutes.ts";
import { ticketRoutes } from "./routes/ticketRoutes.ts";
import { Scrubber } from "./store/scrubber.ts";
import { Traces } from "./traces.ts";
import { VerifierPool } from "./verify/verifierPool.ts";

export interface NodeConfig extends HttpConfig {
  /** What {@link initDataDirectory} made. */
  readonly dataDirectory: string;
  readonly institution: string;
  /** Every chain that this institution is a member of; one of them the consortium. */
  readonly genesis: readonly Genesis[];
  /** Most bytes a chain's data file may take; default the disk's. */
  readonly quotaBytes?: number;
  /** Most bytes that all boxes of the mailbox together may hold; default 16 GiB. */
  readonly mailboxBytes?: number;
  /** Free bytes of the disk that no message takes; default 1 GiB. */
  readonly mailboxDiskKept?: number;
  /** Bytes that strangers of one origin put into boxes in an hour; default 1 GiB. */
  readonly strangerBytesPerHour?: number;
  /** Most boxes of the mailbox; default 1,000,000. */
  readonly mailboxBoxes?: number;
  /** Most boxes opened in an hour from one origin; default 3,000. */
  readonly boxesPerHour?: number;
  /** Most visits whose trace is kept; default 10,000,000. */
  readonly traces?: number;
  /** Threads that verify signatures; default 1. */
  readonly verifiers?: number;
  /** How often everything kept is re-hashed; default once a day, 0 for never. */
  readonly scrubEveryMs?: number;
  /** Unix milliseconds; default the machine's. */
  readonly now?: () => number;
}

export interface RunningNode extends Server {
  /** Re-hashes every chain now. */
  scrub(): Promise<
    readonly {
      readonly chain: string;
      readonly checked: number;
      readonly fault: string | undefined;
    }[]
  >;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Starts an institution's node with all its chains. Resolves once it listens.
 *
 * @throws {AnamnesisError} ALREADY_RUNNING if its data directory is in use.
 */
export const startNode = (config: NodeConfig): Promise<RunningNode> =>
  holding([config.dataDirectory], () => start(config));

/** A node that does not start leaves nothing running over a data directory that it does not hold any more. */
async function start(config: NodeConfig): Promise<RunningNode> {
  const opened: (() => Promise<unknown>)[] = [];
  try {
    return await open(config, opened);
  } catch (error) {
    for (const close of opened.toReversed()) await close().catch(() => undefined);
    throw error;
  }
}

/** @param opened - Gets how to close each part, as it is opened. */
async function open(config: NodeConfig, opened: (() => Promise<unknown>)[]): Promise<RunningNode> {
  const now = config.now ?? Date.now;
  const institution = parseInstitutionId(config.institution);
  const keys = await readKeys(config.dataDirectory);
  const pool = new VerifierPool(config.verifiers ?? 1);
  opened.push(() => pool.stop());
  const quota = config.quotaBytes === undefined ? {} : { quotaBytes: config.quotaBytes };
  const log = pino({ name: "node", level: config.logLevel ?? "info", base: null });
  const scrubber = new Scrubber();
  const chains = new Map<string, Chain>();
  for (const genesis of config.genesis) {
    const folder = chainFolder(config.dataDirectory, genesis.chain);
    const chain = await openChain({
      genesis,
      institution,
      signing: keys.signing,
      folder,
      members: peersOverHttp(genesis, institution, keys.signing),
      verify: (checks) => pool.verify(checks),
      scrubber,
      now,
      onFault: (fault, err) => log.fatal({ kind: genesis.kind, fault, err }, "chain stopped"),
      ...quota,
    });
    opened.push(() => chain.stop());
    chains.set(genesis.chain, chain);
  }
  const { cas, consortium } = federationOf(config.genesis);
  const nonces = await NonceJournal.open(nonceFolder(config.dataDirectory), now());
  opened.push(() => nonces.close());
  const traces = new Traces(tracesFolder(config.dataDirectory), {
    traceKey: consortium.registry.traceKey,
    most: config.traces,
  });
  opened.push(() => traces.close());
  const deps: NodeDeps = {
    institution,
    keys,
    chains,
    mailbox: await Mailbox.open(mailboxFolder(config.dataDirectory), now, {
      bytes: config.mailboxBytes,
      diskKept: config.mailboxDiskKept,
      strangerBytes: config.strangerBytesPerHour,
      boxes: config.mailboxBoxes,
      boxesPerHour: config.boxesPerHour,
    }),
    vaults: new Set(consortium.vaults.map(({ id }) => id)),
    traces,
    revocations: new RevocationLists({ registry: consortium.registry.address, cas, now }),
    now,
  };
  opened.push(() => deps.mailbox.close());
  const handled = [
    ...chainRoutes(deps),
    ...queryRoutes(deps),
    ...ticketRoutes(deps),
    ...boxRoutes(deps),
  ];
  const callers = new CallerCheck({
    now,
    nonces,
    certificateOf: async (fingerprint) => liveCertificate(deps, fingerprint),
  });
  const server = await serve("node", { ...nodeRoutes, ...mailboxRoutes }, handled, {
    ...config,
    now,
    callers,
    authorities: config.authorities ?? addressesOf(config.genesis, institution),
    fault: () => [...chains.values()].find((chain) => chain.fault() !== undefined)?.fault(),
  });
  const scrub = async () => {
    const results = [];
    for (const [chain, kept] of chains) results.push({ chain, ...(await kept.scrub()) });
    return results;
  };
  const every = config.scrubEveryMs ?? DAY_MS;
  const timer =
    every === 0 ? undefined : setInterval(() => void scrub().catch(() => undefined), every);
  timer?.unref();
  const sweeper = setInterval(() => void deps.mailbox.sweep().catch(() => undefined), HOUR_MS);
  sweeper.unref();
  return {
    address: server.address,
    scrub,
    stop: async () => {
      clearInterval(timer);
      clearInterval(sweeper);
      // First no new request, then whoever waits is let go, then the stores are closed.
      const closed = server.stop();
      await Promise.all([...chains.values()].map((chain) => chain.stop()));
      await deps.mailbox.close();
      await closed;
      await traces.close();
      await nonces.close();
      await pool.stop();
    },
  };
}

function federationOf(genesis: readonly Genesis[]): ReturnType<typeof consortiumOf> {
  if (!genesis.some(({ kind }) => kind === "consortium")) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      "A node keeps the consortium chain of its federation; genesis names none",
    );
  }
  return consortiumOf({ v: 1, chains: genesis });
}

/** The addresses under which genesis documents name this institution's node. */
const addressesOf = (genesis: readonly Genesis[], institution: InstitutionId): string[] =>
  genesis
    .flatMap(({ members }) => members.filter(({ id }) => id === institution))
    .map(({ address }) => address);
