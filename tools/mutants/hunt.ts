/** A hunt: every mutant against the tests of its file, the nearest first, until one fails. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
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
  type Kill,
  type Survey,
  type Target,
} from "./attackFile.ts";
import { mutate, type Mutant } from "./mutate.ts";

/** A mutant and what became of it. */
export interface Fate {
  readonly mutant: Mutant;
  /** The test that failed, as `file: test`; `undefined`: none did. */
  readonly killedBy: string | undefined;
  /** Whether a test ran its code in its own process. */
  readonly isReached: boolean;
}

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

/** @param tell - Called with one line for each test file that was run. */
export async function hunt(
  { files, isNear }: Scope,
  sources: readonly Source[],
  workspaces: readonly Workspace[],
  tell: (line: string) => void,
): Promise<Fate[]> {
  const { mutants, firsts } = mutantsOf(files);
  const killedBy = new Map<number, string>();
  const reached = new Set<number>();
  const judged = new Set<number>();
  const aliveOf = (targets: readonly string[]): number[] =>
    [...mutants.keys()].filter(
      (number) => !killedBy.has(number) && targets.includes(mutants[number]!.file),
    );
  const note = (testFile: string, kills: readonly Kill[]): void => {
    for (const { mutant, by } of kills) killedBy.set(mutant, `${testFile}: ${by}`);
  };

  const { near, far } = plan(files, sources, workspaces);
  const surveys = new Map<string, Survey>();
  for (const tests of isNear ? [near] : [near, far]) {
    for (const [testFile, targets] of tests) {
      const alive = aliveOf(targets);
      if (alive.length === 0) continue;
      const started = performance.now();
      const found = await tryTogether(targetOf(testFile, targets, firsts), alive);
      const took = seconds(performance.now() - started);
      if ("unfit" in found) {
        tell(`${testFile}: ${found.unfit} (${took})`);
        continue;
      }
      note(testFile, found.kills);
      tell(`${testFile}: ${found.kills.length} of ${alive.length} killed (${took})`);
      surveys.set(testFile, found.survey);
      for (const mutant of reachedBy(found.survey)) reached.add(mutant);
      for (const mutant of reachedAgain(found.survey)) judged.add(mutant);
    }
    for (const [testFile, targets] of tests) {
      const survey = surveys.get(testFile);
      if (survey === undefined) continue;
      const started = performance.now();
      const kills = await trySlowly(targetOf(testFile, targets, firsts), survey, aliveOf(targets));
      note(testFile, kills);
      const took = seconds(performance.now() - started);
      if (kills.length > 0) tell(`${testFile}: ${kills.length} killed by slow tests (${took})`);
    }
  }
  for (const [testFile, targets] of near) {
    const survey = surveys.get(testFile);
    if (survey === undefined) continue;
    const meets = reachedBy(survey);
    const rest = aliveOf(targets).filter((number) => meets.has(number) && !judged.has(number));
    if (rest.length === 0) continue;
    const started = performance.now();
    const kills = await tryAlone(targetOf(testFile, targets, firsts), survey, rest);
    note(testFile, kills ?? []);
    const how =
      kills === undefined
        ? "fails in a process of its own"
        : `${kills.length} of ${rest.length} killed, one by one`;
    tell(`${testFile}: ${how} (${seconds(performance.now() - started)})`);
  }
  return mutants.map((mutant, number) => ({
    mutant,
    killedBy: killedBy.get(number),
    isReached: reached.has(number),
  }));
}

function targetOf(
  testFile: string,
  targets: readonly string[],
  firsts: ReadonlyMap<string, number>,
): Target {
  return { testFile, files: Object.fromEntries(targets.map((file) => [file, firsts.get(file)!])) };
}

/** Test files, each with the files that it is asked about: those of its own workspace first, nearest first. */
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
  return { near, far };
}
