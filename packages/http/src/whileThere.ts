import { AnamnesisError } from "@anamnesis/protocol";
import { pause } from "./pause.ts";

/** Something that takes as long as it takes, of a server that can be asked whether it is there at all. */
export interface Wanted<T> {
  /** The server, for people: `node of general-hospital`. */
  readonly name: string;
  readonly call: (signal: AbortSignal) => Promise<T>;
  /** Something light, which the server answers at once whatever else it does; that it refuses is an answer. */
  readonly probe: (signal: AbortSignal) => Promise<unknown>;
  /** How long it may be silent before it is probed. */
  readonly silentMs: number;
  /** How long it has to answer a probe; default `silentMs`. */
  readonly answerMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Told when a probe is not answered within `silentMs` either, and waited for still. */
  readonly onSilent?: () => void;
}

/**
 * Waits for an answer as long as the server is there: one that works on something large is waited for, one that stands still
 * is given up after `silentMs` and `answerMs`.
 *
 * @throws {AnamnesisError} UNAVAILABLE, and what `call` throws.
 */
export async function whileThere<T>(wanted: Wanted<T>): Promise<T> {
  const over = new AbortController();
  const { signal } = wanted;
  const ended = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal]);
  const called = wanted.call(ended);
  called.catch(() => undefined); // thrown where it is awaited
  try {
    return await Promise.race([called, gone(wanted, ended)]);
  } finally {
    over.abort();
  }
}

/** Rejects once the server does not even answer a probe. */
async function gone<T>(wanted: Wanted<T>, ended: AbortSignal): Promise<never> {
  for (;;) {
    await pause(wanted.silentMs, ended);
    if (ended.aborted || !(await answers(wanted, ended)))
      throw new AnamnesisError(
        "UNAVAILABLE",
        `The ${wanted.name} cannot be used: it does not answer`,
      );
  }
}

async function answers<T>(
  { probe, silentMs, answerMs = silentMs, onSilent }: Wanted<T>,
  ended: AbortSignal,
): Promise<boolean> {
  const silent = setTimeout(() => !ended.aborted && onSilent?.(), silentMs);
  try {
    await probe(AbortSignal.any([ended, AbortSignal.timeout(answerMs)]));
    return true;
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error;
    return error.code !== "UNAVAILABLE";
  } finally {
    clearTimeout(silent);
  }
}
