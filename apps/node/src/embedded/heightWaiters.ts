/** Whoever waits for something to be committed. */
export class HeightWaiters {
  readonly #waiting = new Set<() => void>();

  /** Everybody looks again. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Waits until `isReached`, which is asked at each {@link wake}; at most `waitMs`. */
  async until(isReached: () => boolean, waitMs: number): Promise<void> {
    const until = performance.now() + waitMs;
    while (!isReached()) {
      const left = until - performance.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }
}
