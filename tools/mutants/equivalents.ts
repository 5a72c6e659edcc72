/** Mutants that no test can kill, each with the reason, in `equivalent.json`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./mutate.ts";

/** Named by its texts; `nth` where the same texts stand several times in one function. */
export interface Equivalent {
  readonly file: string;
  readonly within: string;
  readonly from: string;
  readonly to: string;
  readonly nth?: number;
  readonly because: string;
}

export function readEquivalents(): readonly Equivalent[] {
  const path = join(import.meta.dirname, "equivalent.json");
  return JSON.parse(readFileSync(path, "utf8")) as Equivalent[];
}

export function isNamed(mutant: Mutant, named: Equivalent): boolean {
  return (
    mutant.file === named.file &&
    mutant.within === named.within &&
    mutant.from === named.from &&
    mutant.to === named.to &&
    mutant.nth === (named.nth ?? 1)
  );
}
