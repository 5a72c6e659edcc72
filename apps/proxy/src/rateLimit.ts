import { AnamnesisError } from "@anamnesis/protocol";

/** At most so many capsules a minute for one reader and grant: a stolen session cannot empty a history unseen. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #taken = new Map<string, { minute: number; count: number }>();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  /** @param now - Unix milliseconds. @throws {AnamnesisError} RATE_LIMITED; then nothing is counted. */
  take(key: string, count: number, now: number): void {
    const minute = Math.floor(now / 60_000);
    const entry = this.#taken.get(key);
    const before = entry?.minute === minute ? entry.count : 0;
    if (before + count > this.#perMinute) {
      throw new AnamnesisError(
        "RATE_LIMITED",
        `Refused: more than ${this.#perMinute} records in a minute`,
      );
    }
    if (this.#taken.size > 10_000) this.#forget(minute);
    this.#taken.set(key, { minute, count: before + count });
  }

  #forget(minute: number): void {
    for (const [key, entry] of this.#taken) if (entry.minute < minute) this.#taken.delete(key);
  }
}
