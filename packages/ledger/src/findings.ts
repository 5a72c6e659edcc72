/** Entries looked at between two pauses. */
const SLICE = 64;

/** What a recount has found so far: keeps the first fault only, and says when to pause. */
export class Findings {
  /** In words. */
  fault: string | undefined;
  #looked = 0;

  blame(fault: string): void {
    this.fault ??= fault;
  }

  /** Called for each entry: whether it is time to let others run. */
  isDue(): boolean {
    this.#looked += 1;
    return this.#looked % SLICE === 0;
  }
}
