import { failureOf } from "./failure.ts";
import { RateLimit } from "./rateLimit.ts";

const MINUTE_MS = 60_000;

/** What one request costs, in units of about one signature that is verified. */
export interface Spending {
  /** Beyond what its route says, before the work is done. @throws {AnamnesisError} RATE_LIMITED */
  take(units: number): void;
  /** So many units were in vain, though the request is answered. */
  waste(units: number): void;
}

/**
 * Counts by origin what requests cost a server in vain (D16): each is charged before its work, and what it was good for is
 * given back. So who is refused again and again is soon refused for nothing, and those who are not pay nothing.
 */
export class VainWork {
  readonly #rate: RateLimit;
  readonly #now: () => number;

  /** @param most - Units for one origin in a minute. @param now - Unix milliseconds. */
  constructor(most: number, now: () => number) {
    const what = "units of work in vain for one origin";
    this.#rate = new RateLimit({ most, periodMs: MINUTE_MS, what });
    this.#now = now;
  }

  /**
   * Does work that costs so many units, at first.
   * @throws {AnamnesisError} RATE_LIMITED, and what the work throws.
   */
  async charge<T>(
    origin: string,
    units: number,
    work: (spending: Spending) => Promise<T>,
  ): Promise<T> {
    const since = this.#now();
    let taken = 0;
    let wasted = 0;
    const take = (more: number): void => {
      this.#rate.take(origin, since, more);
      taken += more;
    };
    take(units);
    try {
      return await work({ take, waste: (of) => (wasted += of) });
    } catch (error) {
      wasted = isServersFault(error) ? 0 : taken;
      throw error;
    } finally {
      this.#rate.giveBack(origin, since, taken - wasted);
    }
  }
}

/** Whether the server could not do it now, whoever asked. */
const isServersFault = (error: unknown): boolean => {
  const { status } = failureOf(error);
  return status === 429 || status >= 500;
};
