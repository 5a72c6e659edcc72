import { ready } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  consortiumOf,
  limits,
  parseFingerprint,
  proxyRoutes,
} from "@anamnesis/protocol";
import type { CertificateView, Trust } from "@anamnesis/protocol";
import {
  CallerCheck,
  NonceJournal,
  RateLimit,
  RevocationLists,
  holding,
  serve,
} from "@anamnesis/server";
import type { HttpConfig, Server } from "@anamnesis/server";
import { consortiumOverHttp } from "./consortium.ts";
import type { Consortium } from "./consortium.ts";
import { DealJudge } from "./dealJudge.ts";
import { Denials } from "./denials.ts";
import { sweep } from "./erasure.ts";
import { nonceFolder, readKeys, requestsFolder, storeFolder } from "./dataDirectory.ts";
import { KeptRequests } from "./keptRequests.ts";
import { ReadGrants } from "./readGrants.ts";
import { routes } from "./routes.ts";
import { ProxyStore } from "./store.ts";

export interface ProxyConfig extends HttpConfig {
  /** What {@link initDataDirectory} made. */
  readonly dataDirectory: string;
  readonly institution: string;
  /** 1…n, as in the consortium's genesis. */
  readonly index: number;
  readonly trust: Trust;
  /** Base URL of the own institution's node: the only source of consortium facts. */
  readonly nodeAddress: string;
  /** How often ended grants are looked for; default 15 s; what ends must be gone within 60 s. */
  readonly sweepEveryMs?: number;
  /** Capsules a minute for one reader and grant; default 6,000. */
  readonly capsulesPerMinute?: number;
  /** Share packages a minute from one origin; default 600. */
  readonly packagesPerMinute?: number;
  /** New grants an hour of one patient or relative; default 1,000. */
  readonly grantsPerHour?: number;
  /** Tags of new grants an hour of one patient or relative; default ten of the largest grants. */
  readonly tagsPerHour?: number;
  /** Most bytes that grants may take; default the disk's. */
  readonly quotaBytes?: number;
  /** Unix milliseconds; default the machine's. */
  readonly now?: () => number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SWEEP_MS = 15_000;
const CAPSULES_PER_MINUTE = 6_000;
const PACKAGES_PER_MINUTE = 600;
const GRANTS_PER_HOUR = 1_000;
const TAGS_PER_HOUR = 10 * limits.grantTags;

/**
 * Starts a proxy. Resolves once it listens.
 *
 * @throws {AnamnesisError} BAD_REQUEST if genesis names no such proxy, ALREADY_RUNNING if its data directory is in use.
 */
export const startProxy = (config: ProxyConfig): Promise<Server> =>
  holding([config.dataDirectory], () => start(config));

async function start(config: ProxyConfig): Promise<Server> {
  await ready();
  const now = config.now ?? Date.now;
  const genesis = consortiumOf(config.trust);
  const { k, proxies, registry } = genesis.consortium;
  const own = proxies.find(
    ({ index, institution }) => index === config.index && institution === config.institution,
  );
  if (own === undefined) {
    throw new AnamnesisError(
      "BAD_REQUEST",
      `Genesis names no proxy ${config.index} at ${config.institution}`,
    );
  }
  const keys = await readKeys(config.dataDirectory);
  const store = new ProxyStore(storeFolder(config.dataDirectory), config.quotaBytes);
  await store.finishErasures();
  const consortium = consortiumOverHttp({
    genesis,
    institution: own.institution,
    nodeAddress: config.nodeAddress,
    now,
  });
  const nonces = await NonceJournal.open(nonceFolder(config.dataDirectory), now());
  const kept = new KeptRequests(requestsFolder(config.dataDirectory));
  const { signing } = keys;
  const denials = new Denials({
    chain: genesis.chain,
    index: config.index,
    signing,
    consortium,
    kept,
    now,
  });
  const deps = {
    chain: genesis.chain,
    k,
    proxies,
    index: config.index,
    cas: genesis.cas,
    box: keys.box,
    signing,
    store,
    grants: new ReadGrants((gid) => store.document(gid)),
    consortium,
    denials,
    kept,
    trust: config.trust,
    revocations: new RevocationLists({ registry: registry.address, cas: genesis.cas, now }),
    rate: new RateLimit({
      most: config.capsulesPerMinute ?? CAPSULES_PER_MINUTE,
      periodMs: MINUTE_MS,
      what: "records",
    }),
    newGrants: new RateLimit({
      most: config.grantsPerHour ?? GRANTS_PER_HOUR,
      periodMs: HOUR_MS,
      what: "new grants of one person",
    }),
    newTags: new RateLimit({
      most: config.tagsPerHour ?? TAGS_PER_HOUR,
      periodMs: HOUR_MS,
      what: "tags in new grants of one person",
    }),
    judge: new DealJudge(),
    now,
  };
  /** Share packages, by origin: each costs a decapsulation before it is known whose it is. */
  const packages = new RateLimit({
    most: config.packagesPerMinute ?? PACKAGES_PER_MINUTE,
    periodMs: MINUTE_MS,
    what: "share packages from one origin",
  });
  const callers = new CallerCheck({ now, nonces, certificateOf: readerOf(consortium) });
  const server = await serve("proxy", proxyRoutes, routes(deps), {
    ...config,
    now,
    callers,
    rates: { packages },
    authorities: config.authorities ?? [own.address],
  });
  let sweeping: Promise<void> | undefined;
  const timer = setInterval(() => {
    // One sweep at a time: a slow node must not pile them up.
    sweeping ??= sweep(deps).finally(() => (sweeping = undefined));
  }, config.sweepEveryMs ?? SWEEP_MS);
  timer.unref();
  return {
    address: server.address,
    stop: async () => {
      clearInterval(timer);
      await server.stop();
      await deps.judge.stop();
      await sweeping;
      await denials.settled();
      await nonces.close();
      await kept.close();
      await store.close();
    },
  };
}

/** A reader is whom the chain certifies; whether that counts now is one of the checks. */
const readerOf =
  (consortium: Consortium) =>
  async (fingerprint: string): Promise<CertificateView> => {
    const certificate = await consortium.certificate(parseFingerprint(fingerprint));
    if (certificate === undefined)
      throw new AnamnesisError(
        "READER_SIGNATURE",
        "Refused: the reader's certificate is not on the chain",
      );
    return certificate;
  };
