/**
 * How long this thread's event loop was held by one piece of work: the thread's own processor time between two looks, so
 * that a busy neighbour does not count.
 */
export class LoopWatch {
  readonly #timer: NodeJS.Timeout;
  #last = spentMs();
  #longestMs = 0;

  constructor() {
    this.#timer = setInterval(() => this.#look(), 1);
  }

  /** The longest since the last time this was asked, or the beginning; milliseconds. */
  longestMs(): number {
    this.#look();
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const spent = spentMs();
    this.#longestMs = Math.max(this.#longestMs, spent - this.#last);
    this.#last = spent;
  }
}

function spentMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
