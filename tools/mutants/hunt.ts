/** A hunt: every mutant against the tests of its file, the nearest first, until one fails. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { concernedTests } from "../changed.ts";
import { projectRoot } from "../pinnedNode.mjs";
import { seconds } from "../step.mjs";
import type { Source } from "../tidy/sources.ts";
import { workspaceOf, type Workspace } from "../tidy/workspaces.ts";
import {
  reachedAgain,
  reachedBy,
  tryAlone,
  trySlowly,
  tryTogether,
  type Hear,
  type Survey,
  type Target,
} from "./attackFile.ts";
import { mutate, type Mutant } from "./mutate.ts";
import { textOf } from "./report.ts";
import type { Verdicts } from "./verdicts.ts";

export interface Scope {
  /** Paths of the files to weaken. */
  readonly files: readonly string[];
  /** Whether only tests of a file's own workspace are asked. */
  readonly isNear: boolean;
}

/** The mutants of `files`, whose places are their numbers, and the number of each file's first. */
export function mutantsOf(files: readonly string[]): {
  readonly mutants: readonly Mutant[];
  readonly firsts: ReadonlyMap<string, number>;
} {
  const mutants: Mutant[] = [];
  const firsts = new Map<string, number>();
  for (const file of files) {
    firsts.set(file, mutants.length);
    const source = readFileSync(join(projectRoot, file), "utf8");
    mutants.push(...mutate(file, source, mutants.length).mutants);
  }
  return { mutants, firsts };
}

/**
 * @param tell - Called with one line for each mutant that is killed, at once, and one for each test file that was run.
 * @param verdicts - Of {@link mutantsOf} the files; holds what is known, whenever it is asked.
 */
export async function hunt(
  { files, isNear }: Scope,
  sources: readonly Source[],
  workspaces: readonly Workspace[],
  tell: (line: string) => void,
  verdicts: Verdicts,
): Promise<void> {
  const { firsts } = mutantsOf(files);
  const judged = new Set<number>();
  /** Counts the kills of one run of a test file. */
  const hearing = (testFile: string): { readonly hear: Hear; readonly count: () => number } => {
    let kills = 0;
    return {
      hear({ mutant, by }) {
        kills += 1;
        tell(`  ${textOf(verdicts.kill(mutant, `${testFile}: ${by}`))}: killed by ${by}`);
      },
      count: () => kills,
    };
  };

  const { near, far } = plan(files, sources, workspaces);
  const surveys = new Map<string, Survey>();
  for (const tests of isNear ? [near] : [near, far]) {
    for (const [testFile, targets] of tests) {
      const alive = verdicts.aliveIn(targets);
      if (alive.length === 0) continue;
      const started = performance.now();
      const { hear, count } = hearing(testFile);
      const found = await tryTogether(targetOf(testFile, targets, firsts), alive, hear);
      const took = seconds(performance.now() - started);
      if ("unfit" in found) {
        tell(`${testFile}: ${found.unfit} (${took})`);
        continue;
      }
      for (const name of found.hung) tell(`${testFile}: "${name}" does not end, and is not asked`);
      tell(`${testFile}: ${count()} of ${alive.length} killed (${took})`);
      surveys.set(testFile, found);
      verdicts.reach(reachedBy(found));
      for (const mutant of reachedAgain(found)) judged.add(mutant);
    }
    for (const [testFile, targets] of tests) {
      const survey = surveys.get(testFile);
      if (survey === undefined) continue;
      const started = performance.now();
      const { hear, count } = hearing(testFile);
      const target = targetOf(testFile, targets, firsts);
      await trySlowly(target, survey, verdicts.aliveIn(targets), hear);
      const took = seconds(performance.now() - started);
      if (count() > 0) tell(`${testFile}: ${count()} killed by slow tests (${took})`);
    }
  }
  for (const [testFile, targets] of near) {
    const survey = surveys.get(testFile);
    if (survey === undefined) continue;
    const meets = reachedBy(survey);
    const rest = verdicts
      .aliveIn(targets)
      .filter((number) => meets.has(number) && !judged.has(number));
    if (rest.length === 0) continue;
    const started = performance.now();
    const { hear, count } = hearing(testFile);
    const isFit = await tryAlone(targetOf(testFile, targets, firsts), survey, rest, hear);
    const how = isFit
      ? `${count()} of ${rest.length} killed, one by one`
      : "fails in a process of its own";
    tell(`${testFile}: ${how} (${seconds(performance.now() - started)})`);
  }
}

function targetOf(
  testFile: string,
  targets: readonly string[],
  firsts: ReadonlyMap<string, number>,
): Target {
  return { testFile, files: Object.fromEntries(targets.map((file) => [file, firsts.get(file)!])) };
}

/**
 * Test files, each with the files that it is asked about: those of its own workspace first, nearest first; of these, before all
 * others, those in the folder of a file that they are asked about, which are about it and mostly quick.
 */
function plan(
  files: readonly string[],
  sources: readonly Source[],
  workspaces: readonly Workspace[],
): Record<"near" | "far", ReadonlyMap<string, string[]>> {
  const near = new Map<string, string[]>();
  const far = new Map<string, string[]>();
  for (const file of files) {
    const concerned = concernedTests([file], sources, workspaces);
    const home = workspaceOf(file, workspaces);
    for (const test of [...concerned.near, ...concerned.far]) {
      if (!/^(?:packages|apps|tests)\//.test(test)) continue;
      const map = workspaceOf(test, workspaces) === home ? near : far;
      map.set(test, [...(map.get(test) ?? []), file]);
    }
  }
  const isBeside = ([test, targets]: readonly [string, string[]]): boolean =>
    targets.some((file) => dirname(file) === dirname(test));
  const { beside = [], others = [] } = Object.groupBy(near, (entry) =>
    isBeside(entry) ? "beside" : "others",
  );
  return { near: new Map([...beside, ...others]), far };
}
