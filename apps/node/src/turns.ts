const TURN_MS = 20;

/** Long work in turns of the event loop, so that it holds nobody up (D10): 20 ms of it, then whoever waits. */
export class Turns {
  #began = performance.now();

  /** Between two steps of the work. @returns Whether others had a turn, after which what was read before may be out of date. */
  async giveWay(): Promise<boolean> {
    if (performance.now() - this.#began < TURN_MS) return false;
    await new Promise((resolve) => setImmediate(resolve));
    this.#began = performance.now();
    return true;
  }
}
