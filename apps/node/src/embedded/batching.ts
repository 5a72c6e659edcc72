/** Longest that a block waits for company. */
const COMPANY_MS = 10;
/** A block of this many slips is worth its fsync: no more is waited for. */
const WORTHWHILE_SLIPS = 512;
/** A block is never kept smaller than this. */
const LEAST_SLIPS = 64;

/**
 * When the next block is made, and how large. While the disk has nothing to do, whatever waits makes a block at once. While
 * it writes one, the next waits for half of all slips that are on their way: so that one half is written while the other is
 * received, verified and executed, instead of all moving together.
 */
export class Batching {
  #wake: (() => void) | undefined;

  /** Something came, was refused, or became durable. */
  stirred(): void {
    this.#wake?.();
  }

  /** Slips that the next block should hold, when so many are on their way, from arrival to answer. */
  batchSlips(onTheirWay: number): number {
    return Math.min(WORTHWHILE_SLIPS, Math.max(LEAST_SLIPS, Math.ceil(onTheirWay / 2)));
  }

  /**
   * @param isEnough - Whether the next block is worth making now.
   */
  async until(isEnough: () => boolean): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + COMPANY_MS;
    for (;;) {
      const left = until - performance.now();
      if (left <= 0 || isEnough()) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }
}
