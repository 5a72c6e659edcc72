/** Has a due page sealed at once, by an entry that may be empty. */
export class PageTimer {
  readonly #dueAt: () => number | undefined;
  readonly #now: () => number;
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param dueAt - When the open page must be sealed, Unix milliseconds; `undefined` while it is empty. */
  constructor(dueAt: () => number | undefined, now: () => number, onDue: () => void) {
    this.#dueAt = dueAt;
    this.#now = now;
    this.#onDue = onDue;
  }

  isDue(): boolean {
    const due = this.#dueAt();
    return due !== undefined && due <= this.#now();
  }

  /** Waits for the open page to be due, in any case so long. */
  set(atLeastMs: number): void {
    clearTimeout(this.#timer);
    const due = this.#dueAt();
    if (due === undefined) return;
    this.#timer = setTimeout(this.#onDue, Math.max(atLeastMs, due - this.#now()));
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
