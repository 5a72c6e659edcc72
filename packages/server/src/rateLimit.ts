import { AnamnesisError } from "@anamnesis/protocol";

/** Keys counted apart; those that come later in a period share one count, so that many keys are no way to fill memory. */
const KEYS_MAX = 100_000;
const MINUTE_MS = 60_000;

export interface RateLimitConfig {
  /** Most for one key in one period. */
  readonly most: number;
  readonly periodMs: number;
  /** What is counted, for people: `records`. */
  readonly what: string;
}

/** At most so many things for one key in one period of the clock. Nothing is kept longer than its period. */
export class RateLimit {
  readonly #config: RateLimitConfig;
  #taken = new Map<string, number>();
  #period = 0;

  constructor(config: RateLimitConfig) {
    this.#config = config;
  }

  /** @param now - Unix milliseconds. @throws {AnamnesisError} RATE_LIMITED; then nothing is counted. */
  take(key: string, now: number, count = 1): void {
    const { most, periodMs, what } = this.#config;
    const period = Math.floor(now / periodMs);
    if (period !== this.#period) {
      this.#taken = new Map();
      this.#period = period;
    }
    const isCounted = this.#taken.has(key) || this.#taken.size < KEYS_MAX;
    const counted = isCounted ? key : "";
    const before = this.#taken.get(counted) ?? 0;
    if (before + count > most) {
      throw new AnamnesisError(
        "RATE_LIMITED",
        `Refused: at most ${most} ${what} in ${periodMs / MINUTE_MS} min wanted`,
      );
    }
    this.#taken.set(counted, before + count);
  }

  /** Gives back what was taken at a time, if its period is not over. */
  giveBack(key: string, takenAt: number, count: number): void {
    if (Math.floor(takenAt / this.#config.periodMs) !== this.#period) return;
    const counted = this.#taken.has(key) ? key : "";
    const before = this.#taken.get(counted) ?? 0;
    this.#taken.set(counted, Math.max(0, before - count));
  }
}
