import { setTimeout as sleep } from "node:timers/promises";
import { equalBytes } from "@anamnesis/crypto/verify";
import { Part } from "@anamnesis/http";
import {
  AnamnesisError,
  VOTERS,
  decodeSlip,
  followersAmong,
  isQuorum,
  limits,
  memberOf,
  nodeRoutes,
  signerKeyOf,
  verifyHead,
  votersDocument,
} from "@anamnesis/protocol";
import type {
  CertificateView,
  Electorate,
  Fingerprint,
  Genesis,
  Gid,
  GrantView,
  Head,
  InstitutionId,
  Slip,
  SlipId,
} from "@anamnesis/protocol";

export interface SlipOnChain {
  readonly slip: Slip;
  /** Time of its block. */
  readonly blockTime: number;
  /** When this proxy's own node committed that block. */
  readonly committedAt: number;
}

/**
 * The consortium chain as this proxy sees it: through its own institution's node, never through the
 * reader. Absent things are `undefined`; a node that does not answer makes the chain stale.
 */
export interface Consortium {
  certificate(fingerprint: Fingerprint): Promise<CertificateView | undefined>;
  grant(gid: Gid): Promise<GrantView | undefined>;
  slip(id: SlipId): Promise<SlipOnChain | undefined>;
  /** @throws {AnamnesisError} STALE_CHAIN unless a quorum of those who vote now signed heads at most 10 s old. */
  assertFresh(): Promise<void>;
  /** Posts a slip through the own node. */
  submit(slip: Uint8Array): Promise<void>;
}

export interface ConsortiumConfig {
  readonly genesis: Genesis;
  readonly institution: InstitutionId;
  /** Base URL of the own institution's node. */
  readonly nodeAddress: string;
  readonly now: () => number;
}

const HEAD_CACHE_MS = 2_000;
const TIMEOUT_MS = 5_000;
const LOOK_AGAIN_MS = 50;

export function consortiumOverHttp(config: ConsortiumConfig): Consortium {
  const { chain } = config.genesis;
  const own = new Part("own institution's node", config.nodeAddress, { timeoutMs: TIMEOUT_MS });
  const headAt = (height: number): Promise<Head | undefined> =>
    known(own.call(nodeRoutes.getHeadAt, { params: { chain, height } }));
  /** Who votes now and under which keys, on the own node's word. */
  const electorate = async (): Promise<Electorate> => {
    const params = { chain, map: "institutions", id: VOTERS } as const;
    const { proof } = await own.call(nodeRoutes.getStateProof, { params });
    if (proof.end.found !== "value") throw stale("the own node does not show who votes");
    const voters = votersDocument.decode(proof.end.value);
    return { voters, followers: followersAmong(config.genesis.members) };
  };
  let freshUntil = 0;
  return {
    certificate: (fingerprint) =>
      known(own.call(nodeRoutes.getCertificate, { params: { chain, fingerprint } })),
    grant: (gid) => known(own.call(nodeRoutes.getGrant, { params: { chain, gid } })),
    slip: async (id) => {
      const view = await soon(() => known(own.call(nodeRoutes.getSlip, { params: { chain, id } })));
      if (view === undefined) return undefined;
      const head = await headAt(view.height);
      if (head === undefined) throw stale("the own node has no head of a slip's height");
      return { slip: decodeSlip(view.slip), blockTime: view.time, committedAt: head.time };
    },
    assertFresh: async () => {
      if (config.now() < freshUntil) return;
      const mine = await own.call(nodeRoutes.getHead, { params: { chain } }).catch(cannotBeSeen);
      const oldest = await freshness(config, await electorate().catch(cannotBeSeen), mine, headAt);
      freshUntil = Math.min(config.now() + HEAD_CACHE_MS, oldest + limits.headFreshMs);
    },
    submit: async (body) => {
      await own.call(nodeRoutes.postSlip, { params: { chain }, body }).catch(cannotBeSeen);
    },
  };
}

/**
 * An answer, or `undefined` where the node says that there is none. One that is not what the route describes is no answer:
 * nothing is taken for granted that a node left out.
 * @throws {AnamnesisError} STALE_CHAIN
 */
async function known<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AnamnesisError && absent.has(error.code)) return undefined;
    return cannotBeSeen(error);
  }
}
const absent: ReadonlySet<string> = new Set(["NOT_FOUND", "NOT_YET"]);

function cannotBeSeen(cause: unknown): never {
  const why = cause instanceof AnamnesisError ? cause.message : "a node does not answer";
  throw new AnamnesisError("STALE_CHAIN", `Chain cannot be seen as it is now: ${why}`, { cause });
}

/**
 * What the own node has, or gets within {@link limits.waitMs}: a reader's own node may have committed their slip a moment
 * before this one.
 */
async function soon<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let left = limits.waitMs / LOOK_AGAIN_MS; ; left--) {
    const found = await look();
    if (found !== undefined || left <= 0) return found;
    await sleep(LOOK_AGAIN_MS);
  }
}

/**
 * The own node's newest head, and those of others that make a quorum with it, all at most 10 s old; another's counts only
 * when the own node has committed its height with the same app hash. Whoever is silent holds nobody up: the first that make a
 * quorum count.
 * @returns Time of the oldest of them.
 */
async function freshness(
  config: ConsortiumConfig,
  electorate: Electorate,
  mine: Head,
  headAt: (height: number) => Promise<Head | undefined>,
): Promise<number> {
  const { genesis } = config;
  const params = { chain: genesis.chain };
  const isFreshBy = (head: Head, institution: InstitutionId): boolean => {
    const key = signerKeyOf(electorate, institution) ?? memberOf(genesis, institution).nodeKey;
    return isFresh(head, genesis, { institution, key, now: config.now() });
  };
  if (!isFreshBy(mine, config.institution))
    throw stale("the own node has no head of the last 10 seconds");
  const agreeing = async ({
    id,
    address,
  }: Genesis["members"][number]): Promise<Head | undefined> => {
    const part = new Part(`node of ${id}`, address, { timeoutMs: TIMEOUT_MS });
    const head = await part.call(nodeRoutes.getHead, { params }).catch(() => undefined);
    if (head === undefined || !isFreshBy(head, id)) return undefined;
    const here = await headAt(head.height);
    return here !== undefined && equalBytes(here.appHash, head.appHash) ? head : undefined;
  };
  const others = genesis.members.filter(({ id }) => id !== config.institution);
  return new Promise((resolve, reject) => {
    const signers = new Set([mine.institution]);
    let oldest = mine.time;
    const asked = others.map(async (other) => {
      const head = await agreeing(other);
      if (head === undefined) return;
      signers.add(head.institution);
      oldest = Math.min(oldest, head.time);
      if (isQuorum(electorate, signers)) resolve(oldest);
    });
    Promise.all(asked).then(
      () => reject(stale("too few other institutions' heads of the last 10 seconds agree")),
      reject,
    );
  });
}

const isFresh = (
  head: Head,
  { chain }: Genesis,
  by: { readonly institution: InstitutionId; readonly key: Uint8Array; readonly now: number },
): boolean =>
  head.chain === chain &&
  head.institution === by.institution &&
  by.now - head.time <= limits.headFreshMs &&
  head.time - by.now <= limits.requestSkewMs &&
  verifyHead(head, by.key);

const stale = (why: string): AnamnesisError =>
  new AnamnesisError("STALE_CHAIN", `Chain cannot be seen as it is now: ${why}`);
