import { setTimeout as sleep } from "node:timers/promises";
import { equalBytes, fromBase64url } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  decodeHead,
  decodeSlip,
  limits,
  memberOf,
  verifyHead,
} from "@anamnesis/protocol";
import type { Genesis, Head, InstitutionId, Slip } from "@anamnesis/protocol";

/** What the chain says about a reader's certificate. Times are Unix milliseconds. */
export interface ReaderCertificate {
  readonly signingKey: Uint8Array;
  readonly validFrom: number;
  readonly validTo: number;
  /** 0: not revoked. */
  readonly revokedAt: number;
}

export interface GrantOnChain {
  readonly digest: Uint8Array;
  readonly expiresAt: number;
  /** 0: not revoked. */
  readonly revokedAt: number;
}

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
  certificate(fingerprint: string): Promise<ReaderCertificate | undefined>;
  grant(gid: string): Promise<GrantOnChain | undefined>;
  slip(id: string): Promise<SlipOnChain | undefined>;
  /** @throws {AnamnesisError} STALE_CHAIN unless two institutions signed a head at most 10 s old. */
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
  const own = `${config.nodeAddress}/chains/${config.genesis.chain}`;
  let freshUntil = 0;
  return {
    certificate: async (fingerprint) => {
      const view = await json(`${own}/certificates/${fingerprint}`);
      return view === undefined
        ? undefined
        : {
            signingKey: bytesIn(view, "signingKey"),
            validFrom: numberIn(view, "validFrom"),
            validTo: numberIn(view, "validTo"),
            revokedAt: numberIn(view, "revokedAt"),
          };
    },
    grant: async (gid) => {
      const view = await json(`${own}/grants/${gid}`);
      return view === undefined
        ? undefined
        : {
            digest: bytesIn(view, "digest"),
            expiresAt: numberIn(view, "expiresAt"),
            revokedAt: numberIn(view, "revokedAt"),
          };
    },
    slip: async (id) => {
      const view = await soon(() => json(`${own}/slips/${id}`));
      if (view === undefined) return undefined;
      const head = await headAt(own, numberIn(view, "height"));
      return {
        slip: decodeSlip(bytesIn(view, "slip")),
        blockTime: numberIn(view, "time"),
        committedAt: head?.time ?? 0,
      };
    },
    assertFresh: async () => {
      if (config.now() < freshUntil) return;
      const oldest = await freshness(config, own);
      freshUntil = Math.min(config.now() + HEAD_CACHE_MS, oldest + limits.headFreshMs);
    },
    submit: async (slip) => {
      const response = await ask(`${own}/slips`, {
        method: "POST",
        headers: { "content-type": "application/cbor" },
        body: Buffer.from(slip),
      });
      if (!response.ok) throw stale(`the own node refused a slip with ${response.status}`);
    },
  };
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
 * The own node's newest head and that of another institution, both at most 10 s old; the other counts only when the own
 * node has committed its height with the same app hash.
 * @returns Time of the older of the two.
 */
async function freshness(config: ConsortiumConfig, own: string): Promise<number> {
  const { genesis } = config;
  const mine = await headFrom(`${own}/head`);
  if (mine === undefined || !isFresh(mine, genesis, config.institution, config.now())) {
    throw stale("the own node has no head of the last 10 seconds");
  }
  const others = genesis.members.filter(({ id }) => id !== config.institution);
  const times = await Promise.all(
    others.map(async ({ id, address }) => {
      const head = await headFrom(`${address}/chains/${genesis.chain}/head`).catch(() => undefined);
      if (head === undefined || !isFresh(head, genesis, id, config.now())) return 0;
      const here = await headAt(own, head.height);
      return here !== undefined && equalBytes(here.appHash, head.appHash) ? head.time : 0;
    }),
  );
  const newest = Math.max(0, ...times);
  if (newest === 0) throw stale("no other institution's head of the last 10 seconds agrees");
  return Math.min(mine.time, newest);
}

const isFresh = (head: Head, genesis: Genesis, institution: InstitutionId, now: number): boolean =>
  head.chain === genesis.chain &&
  head.institution === institution &&
  now - head.time <= limits.headFreshMs &&
  head.time - now <= limits.requestSkewMs &&
  verifyHead(head, memberOf(genesis, institution).nodeKey);

const headAt = (chainAddress: string, height: number): Promise<Head | undefined> =>
  headFrom(`${chainAddress}/heads/${height}`);

async function headFrom(url: string): Promise<Head | undefined> {
  const response = await ask(url);
  return response.ok ? decodeHead(new Uint8Array(await response.arrayBuffer())) : undefined;
}

async function json(url: string): Promise<Record<string, unknown> | undefined> {
  const response = await ask(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw stale(`the own node answered ${response.status}`);
  return (await response.json()) as Record<string, unknown>;
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  try {
    // A member's node may not send this proxy to an address of its choice.
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return await fetch(url, { ...init, signal, redirect: "error" });
  } catch (cause) {
    throw new AnamnesisError("STALE_CHAIN", "Chain cannot be seen: a node does not answer", {
      cause,
    });
  }
}

function bytesIn(view: Record<string, unknown>, field: string): Uint8Array {
  const value = view[field];
  if (typeof value !== "string") throw stale(`the own node's answer lacks ${field}`);
  return /^[0-9a-f]{64}$/.test(value)
    ? Uint8Array.from(Buffer.from(value, "hex"))
    : fromBase64url(value);
}

function numberIn(view: Record<string, unknown>, field: string): number {
  const value = view[field] ?? 0;
  if (typeof value !== "number") throw stale(`the own node's answer lacks ${field}`);
  return value;
}

const stale = (why: string): AnamnesisError =>
  new AnamnesisError("STALE_CHAIN", `Chain cannot be seen as it is now: ${why}`);
