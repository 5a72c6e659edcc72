/** What a hunt found, in figures and in words. */
import { isNamed, type Equivalent } from "./equivalents.ts";
import type { Mutant } from "./mutate.ts";
import { filesOf, rooms } from "./rooms.ts";
import type { Fate } from "./verdicts.ts";

export interface Figures {
  readonly room: string;
  readonly mutants: number;
  readonly killed: number;
  /** Named equivalent, and indeed not killed. */
  readonly equivalent: number;
  /** Killed, of those that are not equivalent; 1 if there are none. */
  readonly rate: number;
}

/** One row for each room that has mutants. */
export function figuresOf(fates: readonly Fate[], equivalents: readonly Equivalent[]): Figures[] {
  return rooms.flatMap((room) => {
    const files = new Set(
      filesOf(
        room,
        fates.map(({ mutant }) => mutant.file),
      ),
    );
    const all = fates.filter(({ mutant }) => files.has(mutant.file));
    if (all.length === 0) return [];
    const killed = all.filter(({ killedBy }) => killedBy !== undefined).length;
    const survivors = survivorsOf(all, equivalents).length;
    const equivalent = all.length - killed - survivors;
    const counted = killed + survivors;
    const rate = counted === 0 ? 1 : killed / counted;
    return [{ room: room.name, mutants: all.length, killed, equivalent, rate }];
  });
}

/** Those that no test killed and nobody named equivalent. */
export function survivorsOf(fates: readonly Fate[], equivalents: readonly Equivalent[]): Fate[] {
  return fates.filter(
    ({ killedBy, mutant }) =>
      killedBy === undefined && !equivalents.some((named) => isNamed(mutant, named)),
  );
}

/** A mutant on one line. */
export const textOf = ({ file, line, within, from, to, nth }: Mutant): string =>
  `${file}:${line}: ${within}: ${from} → ${to || "(left out)"}${nth === 1 ? "" : ` (${nth})`}`;

export function tableOf(figures: readonly Figures[], survivors: readonly Fate[]): string {
  const rows = figures.map(
    ({ room, mutants, killed, equivalent, rate }) =>
      `${room.padEnd(10)} ${[mutants, killed, equivalent]
        .map((count) => String(count).padStart(8))
        .join("")} ${(rate * 100).toFixed(1).padStart(8)} %`,
  );
  const left = survivors.map(
    ({ mutant, isReached }) => `${textOf(mutant)}${isReached ? "" : " (no test gets there)"}`,
  );
  return ["room        mutants  killed equivalent  rate", ...rows, "", ...left].join("\n");
}
