import { openSymmetric, openWith } from "@anamnesis/crypto/box";
import { blameShares, openAsReader, replyKey } from "@anamnesis/crypto/open";
import type { ReaderGrant } from "@anamnesis/crypto/open";
import { at, CryptoError, enc } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  answerContext,
  hpkeInfo,
  proxyInstitution,
  reencryptAnswer,
} from "@anamnesis/protocol";
import type { AskedFor, ErrorCode, ReencryptRequest, SlipCode } from "@anamnesis/protocol";
import { certifiedCaller } from "../caller.ts";
import { pause } from "@anamnesis/http";
import type { Caller } from "../ports.ts";
import type { Session } from "../session.ts";
import type { Prepared } from "./prepareOpening.ts";
import { isProxyLeftOut, proxyDid, proxyWaitMs } from "../members/ask.ts";

/** What is asked of every proxy alike. */
export interface Asking {
  readonly grant: ReaderGrant;
  readonly items: readonly Prepared[];
  /** Canonical bytes of the ReencryptRequest. */
  readonly request: ReencryptRequest;
  /** Slip id of the intent, 32 bytes. */
  readonly intent: Uint8Array;
}

export interface Opened {
  /** Content key per item. */
  readonly contentKeys: readonly Uint8Array[];
  /** Proxies with whose answers they were opened, ascending. */
  readonly used: readonly number[];
  /** Proxies that gave wrong shares, proven. */
  readonly faultyProxies: readonly number[];
}

/** A proxy's own node may be a moment behind the node that took the intent. */
const LAG_TRIES = 8;
const LAG_WAIT_MS = 250;
/** A proxy that works is not silent: one with a record has so much longer, on a machine that does much else. */
const WORK_MS = 30;
/** What says that a proxy cannot answer now, not that it will not. */
const passing: readonly string[] = ["UNAVAILABLE", "STALE_CHAIN", "RATE_LIMITED", "BUSY"];

/**
 * Asks k proxies at once, others in place of those that fail, and opens with their answers. Where an opening fails
 * though k answered, their proofs name who lied, and others are asked.
 *
 * @throws {AnamnesisError} The code with which proxies refuse, when too many refuse alike; else TOO_FEW_PROXIES with
 * `details.proxies` (code by index). @throws {CryptoError} E_DECRYPT when every proof holds: capsule or grant are at fault.
 */
export async function openByProxies(session: Session, asking: Asking): Promise<Opened> {
  const { k, indices } = asking.grant;
  const caller = await certifiedCaller(session.device);
  const waiting = shuffled(session, indices);
  const answers = new Map<number, readonly Uint8Array[]>();
  const failures = new Map<number, AnamnesisError>();
  const faultyProxies: number[] = [];
  for (;;) {
    await gather(session, { asking, caller, waiting }, answers, failures);
    if (answers.size < k)
      throw tooFew(failures, faultyProxies, {
        k,
        n: indices.length,
        institutionOf: (index) => proxyInstitution(session.trust, index),
      });
    try {
      const contentKeys = await openAll(asking, answers);
      return { contentKeys, used: [...answers.keys()].toSorted((a, b) => a - b), faultyProxies };
    } catch (error) {
      if (!(error instanceof CryptoError) || error.code !== "E_DECRYPT") throw error;
      const found = await findLiars(session, asking, answers, caller);
      if (found.length === 0) throw error;
      for (const index of found) answers.delete(index);
      faultyProxies.push(...found);
    }
  }
}

/** Until k answered or nobody is left: another is asked for each that fails, and beside each that is silent. */
function gather(
  session: Session,
  of: { readonly asking: Asking; readonly caller: Caller; readonly waiting: number[] },
  answers: Map<number, readonly Uint8Array[]>,
  failures: Map<number, AnamnesisError>,
): Promise<void> {
  const { asking, caller, waiting } = of;
  const { k } = asking.grant;
  const over = new AbortController();
  const { signal } = over;
  let underWay = 0;
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      over.abort();
      settle();
    };
    const goOn = (): void => {
      while (answers.size + underWay < k && waiting.length > 0) askNext();
      if (answers.size >= k || underWay === 0) end(resolve);
    };
    const ended = (keep: () => void): void => {
      if (signal.aborted) return;
      underWay -= 1;
      keep();
      goOn();
    };
    const askNext = (): void => {
      if (signal.aborted || waiting.length === 0) return;
      const index = waiting.shift()!;
      const waitMs = proxyWaitMs(session, index) + asking.items.length * WORK_MS;
      const timer = setTimeout(() => {
        proxyDid(session, index, "silent");
        askNext();
      }, waitMs);
      underWay += 1;
      answerOf(session, index, asking, caller, signal)
        .finally(() => clearTimeout(timer))
        .then(
          (items) => {
            proxyDid(session, index, "answered");
            ended(() => answers.set(index, items));
          },
          (error: unknown) => ended(() => failures.set(index, asFailure(error))),
        )
        .catch((error: unknown) => end(() => reject(error)));
    };
    goOn();
  });
}

async function answerOf(
  session: Session,
  index: number,
  asking: Asking,
  caller: Caller,
  signal: AbortSignal,
): Promise<readonly Uint8Array[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      const sealed = await session.network.proxy(index, signal).reencrypt(asking.request, caller);
      const items = await unsealed(session, index, asking, "shares", sealed);
      if (items.length !== asking.items.length)
        throw new AnamnesisError(
          "MALFORMED",
          "The proxy answered for another number of records than it was asked",
        );
      return items;
    } catch (error) {
      const lags =
        error instanceof AnamnesisError &&
        (error.code === "INTENT_MISSING" || error.code === "GRANT_NOT_LIVE") &&
        tries < LAG_TRIES;
      if (!lags || (error.code === "GRANT_NOT_LIVE" && tries > 2)) throw error;
      await pause(LAG_WAIT_MS, signal);
    }
  }
}

/**
 * An answer is sealed to this device's certificate, for this proxy and intent: another's, or one from before, does not open.
 * @throws {CryptoError} E_DECRYPT
 */
async function unsealed(
  { device }: Session,
  index: number,
  { request }: Asking,
  askedFor: AskedFor,
  sealed: Uint8Array,
): Promise<readonly Uint8Array[]> {
  const { box } = await device.keys();
  const aad = answerContext(askedFor, request, index);
  const { secretKey } = box;
  return reencryptAnswer.decode(await openWith({ secretKey, info: hpkeInfo.answer, aad, sealed }))
    .items;
}

async function openAll(
  { grant, items }: Asking,
  answers: ReadonlyMap<number, readonly Uint8Array[]>,
): Promise<readonly Uint8Array[]> {
  const keys: Uint8Array[] = [];
  for (const [position, { stored }] of items.entries()) {
    const replies = [...answers].map(([index, list]) => ({
      index,
      reply: list[position] as Uint8Array,
    }));
    keys.push(await openAsReader({ grant, record: stored, replies }));
  }
  return keys;
}

/** Asks everybody who answered for proofs; no proof, or one that does not hold for any record, names a faulty proxy. */
async function findLiars(
  session: Session,
  asking: Asking,
  answers: ReadonlyMap<number, readonly Uint8Array[]>,
  caller: Caller,
): Promise<readonly number[]> {
  const proofs = new Map<number, readonly Uint8Array[]>();
  await Promise.all(
    [...answers.keys()].map(async (index) => {
      try {
        const sealed = await session.network.proxy(index).prove(asking.request, caller);
        proofs.set(index, await unsealed(session, index, asking, "proofs", sealed));
      } catch (error) {
        asFailure(error); // A proxy that will not prove what it gave is treated as one that cannot.
      }
    }),
  );
  const faultyProxies = new Set<number>();
  for (const [position, { stored, slip }] of asking.items.entries()) {
    const evidence = await Promise.all(
      [...answers].map(async ([index, list]) => ({
        index,
        reply: list[position] as Uint8Array,
        proof: await openProof(asking, index, proofs.get(index)?.[position], slip.fields.digest),
      })),
    );
    for (const index of await blameShares({
      grant: asking.grant,
      record: stored,
      answers: evidence,
    }))
      faultyProxies.add(index);
  }
  return [...faultyProxies];
}

async function openProof(
  { grant, intent }: Asking,
  index: number,
  sealed: Uint8Array | undefined,
  digest: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (sealed === undefined) return undefined;
  try {
    return await openSymmetric({
      key: replyKey(grant, index),
      aad: enc("proof", intent, digest),
      sealed,
    });
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}

/** @throws What is no failure of a proxy. */
function asFailure(error: unknown): AnamnesisError {
  if (error instanceof AnamnesisError) return error;
  if (error instanceof CryptoError)
    return new AnamnesisError("MALFORMED", "The proxy's answer cannot be read", { cause: error });
  throw error;
}

/** Refused alike by so many that the rest could not open: their code. Else too few, with every proxy's institution and code. */
function tooFew(
  failures: ReadonlyMap<number, AnamnesisError>,
  faultyProxies: readonly number[],
  {
    k,
    n,
    institutionOf,
  }: {
    readonly k: number;
    readonly n: number;
    readonly institutionOf: (index: number) => string;
  },
): AnamnesisError {
  const refusals = [...failures.values()].filter(({ code }) => !passing.includes(code));
  const [first] = refusals;
  const isUnanimous =
    first !== undefined &&
    refusals.length > n - k &&
    refusals.every(({ code }) => code === first.code);
  const proxies: Record<string, ErrorCode | SlipCode> = Object.fromEntries(
    [...failures].map(([index, { code }]) => [String(index), code]),
  );
  if (isUnanimous)
    return new AnamnesisError(first.code, first.message, { cause: first, details: { proxies } });
  const ordered = [...failures].toSorted(([a], [b]) => a - b);
  const said = ordered.map(([index, { code }]) => `${institutionOf(index)}: ${code}`).join(", ");
  const away = ordered
    .filter(([, { code }]) => passing.includes(code))
    .map(([index]) => institutionOf(index));
  const lied =
    faultyProxies.length === 0
      ? ""
      : `; wrong shares from ${faultyProxies.map(institutionOf).join(", ")}`;
  return new AnamnesisError(
    "TOO_FEW_PROXIES",
    `${k} of ${n} proxies must answer; these did not (${said})${lied}`,
    { details: { proxies, faultyProxies, away } },
  );
}

/** In random order, so that no proxy carries all the work; last those whose institution was silent. */
function shuffled(session: Session, indices: readonly number[]): number[] {
  const weights = session.random(indices.length);
  const later = (index: number): number => (isProxyLeftOut(session, index) ? 256 : 0);
  return indices
    .map((index, i) => ({ index, weight: at(weights, i) + later(index) }))
    .toSorted((a, b) => a.weight - b.weight)
    .map(({ index }) => index);
}
