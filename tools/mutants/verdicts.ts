/** What a hunt knows of its mutants, from the first moment on. */
import type { Mutant } from "./mutate.ts";

/** A mutant and what became of it. */
export interface Fate {
  readonly mutant: Mutant;
  /** The test that failed, as `file: test`; `undefined`: none did. */
  readonly killedBy: string | undefined;
  /** Whether a test ran its code in its own process. */
  readonly isReached: boolean;
}

/** Mutants by their numbers, which are their places. */
export class Verdicts {
  readonly #mutants: readonly Mutant[];
  readonly #killedBy = new Map<number, string>();
  readonly #reached = new Set<number>();

  constructor(mutants: readonly Mutant[]) {
    this.#mutants = mutants;
  }

  /** @returns The mutant that was killed. */
  kill(number: number, by: string): Mutant {
    this.#killedBy.set(number, by);
    return this.#mutants[number]!;
  }

  reach(numbers: Iterable<number>): void {
    for (const number of numbers) this.#reached.add(number);
  }

  /** Numbers of the mutants in `files` that nothing has killed. */
  aliveIn(files: readonly string[]): number[] {
    return [...this.#mutants.keys()].filter(
      (number) => !this.#killedBy.has(number) && files.includes(this.#mutants[number]!.file),
    );
  }

  fates(): Fate[] {
    return this.#mutants.map((mutant, number) => ({
      mutant,
      killedBy: this.#killedBy.get(number),
      isReached: this.#reached.has(number),
    }));
  }
}
