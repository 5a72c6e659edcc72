import type { StateView, Writes } from "@anamnesis/ledger";
import { invariant } from "@anamnesis/protocol";

/** Entries that are executed and not durable yet, over the committed state: what the next one is executed on. */
export class StagedState {
  readonly #committed: StateView;
  /** Oldest first. */
  readonly #staged: { readonly height: number; readonly writes: Writes }[] = [];

  constructor(committed: StateView) {
    this.#committed = committed;
  }

  /** The height executed last; `undefined` when nothing is staged. */
  get height(): number | undefined {
    return this.#staged.at(-1)?.height;
  }

  /** The committed state under what is staged. */
  readonly state: StateView = {
    get: (key) => {
      for (let at = this.#staged.length - 1; at >= 0; at -= 1) {
        const { writes } = this.#staged[at]!;
        if (writes.has(key)) return writes.get(key);
      }
      return this.#committed.get(key);
    },
    range: (prefix, options) => {
      invariant(this.#staged.length === 0, "a range is read over what is not durable yet");
      return this.#committed.range(prefix, options);
    },
  };

  /** Lets the next entry be executed on this one while it is being made durable. */
  stage(height: number, writes: Writes): void {
    this.#staged.push({ height, writes });
  }

  /** A height became durable. */
  settle(height: number): void {
    if (this.#staged[0]?.height === height) this.#staged.shift();
  }

  /** Forgets what is staged: an entry that it was executed on did not become durable. */
  discard(): void {
    this.#staged.length = 0;
  }
}
