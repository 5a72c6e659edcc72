/** Callers that each begin anew as soon as they are done, and what that comes to: a rate and how long it takes. */

export interface Load {
  readonly callers: number;
  readonly perSecond: number;
  readonly medianMs: number;
  /** The least that 99 of 100 do not exceed; of fewer than a hundred the longest. */
  readonly p99Ms: number;
  /** How many ended while it was measured. */
  readonly count: number;
}

export interface LoopOptions {
  readonly callers: number;
  /** Before it is measured: so that all callers are at different places, and code is compiled. */
  readonly warmMs: number;
  readonly forMs: number;
  /** Called as the measuring begins and as it ends. */
  readonly edge: () => Promise<void>;
}

/** @param work - One piece of it by this caller. @throws What a piece throws, once all callers have ended. */
export async function closedLoop(
  { callers, warmMs, forMs, edge }: LoopOptions,
  work: (caller: number) => Promise<unknown>,
): Promise<Load> {
  let isOver = false;
  let durations: number[] = [];
  const loops = Promise.allSettled(
    Array.from({ length: callers }, async (_, caller) => {
      while (!isOver) {
        const since = performance.now();
        try {
          await work(caller);
        } catch (error) {
          isOver = true;
          throw error;
        }
        durations.push(performance.now() - since);
      }
    }),
  );
  await pause(warmMs, loops);
  await edge();
  durations = [];
  const since = performance.now();
  await pause(forMs, loops);
  const measured = durations;
  const seconds = (performance.now() - since) / 1_000;
  durations = [];
  isOver = true;
  await edge();
  for (const loop of await loops) if (loop.status === "rejected") throw loop.reason;
  return loadOf(callers, measured, seconds);
}

/** @param durations - In milliseconds, of all that ended within these seconds. */
export function loadOf(callers: number, durations: readonly number[], seconds: number): Load {
  const sorted = durations.toSorted((left, right) => left - right);
  const at = (share: number): number =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
  return {
    callers,
    perSecond: sorted.length / seconds,
    medianMs: at(0.5),
    p99Ms: at(0.99),
    count: sorted.length,
  };
}

/** Of the best rate, what counts as having reached it. */
const REACHED = 0.9;

/**
 * Where more callers only wait longer: the fewest that reach nine tenths of the best rate.
 * @param loads - At least one, by callers.
 */
export function kneeOf<L extends Load>(loads: readonly L[]): L {
  const best = Math.max(...loads.map(({ perSecond }) => perSecond));
  const knee = loads.find(({ perSecond }) => perSecond >= REACHED * best);
  if (knee === undefined) throw new Error("Nothing was measured");
  return knee;
}

/** So long, or until all callers ended, which they do early when one failed. */
async function pause(ms: number, loops: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([passed, loops]);
  clearTimeout(timer);
}
