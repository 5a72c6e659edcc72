/** Longest that a block waits for company. */
const GATHER_MS = 10;
/** A block of this many slips is worth its fsync: no more is waited for. */
const WORTHWHILE_SLIPS = 512;
/** Whoever was answered by the last block is likely to come again: as large a share of it is waited for. */
const SHARE_EXPECTED = 0.75;

/**
 * When the next block is made. One that nobody else is on the way to join is made at once; under load a block waits up to
 * 10 ms, so that one commit serves many instead of few.
 */
export class Gathering {
  #wake: (() => void) | undefined;
  #lastBlock = 0;

  /** Something came, or was refused. */
  arrived(): void {
    this.#wake?.();
  }

  /** A block of so many slips was made. */
  made(slips: number): void {
    this.#lastBlock = slips;
  }

  /**
   * @param waiting - Slips that the block would hold now.
   * @param judging - Slips whose signatures are being verified.
   */
  async enough(waiting: () => number, judging: () => number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    const until = performance.now() + GATHER_MS;
    const expected = Math.min(WORTHWHILE_SLIPS, this.#lastBlock * SHARE_EXPECTED);
    for (;;) {
      const left = until - performance.now();
      const isComing = judging() > 0 || waiting() < expected;
      if (!isComing || waiting() >= WORTHWHILE_SLIPS || left <= 0) return;
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
