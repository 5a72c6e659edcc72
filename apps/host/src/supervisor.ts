import { setTimeout as sleep } from "node:timers/promises";
import { spawnChild } from "./childProcess.ts";
import type { Child } from "./childProcess.ts";

export interface Supervised {
  readonly name: string;
  /** The process that runs now; another one after a crash. */
  process(): Child;
  stop(): Promise<void>;
}

/** Backoff between restarts of a child that keeps dying. */
const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** A child that lived this long starts over with the first delay. */
const steadyMs = 60_000;

/**
 * Keeps one child running: when it dies, says so loudly and starts it again, each time a little later.
 *
 * @param options.first - A child whose services run already.
 * @param options.start - Starts the services in a new child.
 */
export function supervise(
  name: string,
  options: {
    readonly logs: string;
    readonly first: Child;
    readonly start: (child: Child) => Promise<void>;
    readonly say: (text: string) => void;
    /** Notes the new process; what runs again is said after that. */
    readonly changed: () => Promise<void>;
  },
): Supervised {
  let current = options.first;
  let stopping = false;
  const stopped = new AbortController();

  const watch = async (): Promise<void> => {
    let delayMs = firstDelayMs;
    for (;;) {
      const since = Date.now();
      const how = await current.ended;
      if (stopping) return;
      if (Date.now() - since > steadyMs) delayMs = firstDelayMs;
      options.say(`${name} ended unexpectedly (${how}); starting it again in ${delayMs / 1000} s`);
      await sleep(delayMs, undefined, { signal: stopped.signal }).catch(() => undefined);
      if (stopping) return;
      delayMs = Math.min(delayMs * 2, longestDelayMs);
      current = spawnChild(name, options.logs);
      try {
        await options.start(current);
        await options.changed();
        options.say(`${name} runs again`);
      } catch (error) {
        options.say(
          `${name} did not start: ${error instanceof Error ? error.message : "unknown fault"}`,
        );
        await current.stop();
      }
    }
  };
  const watching = watch();

  return {
    name,
    process: () => current,
    stop: async () => {
      stopping = true;
      stopped.abort();
      await current.stop();
      await watching;
    },
  };
}
