/** One test file against mutants: which of them does it kill? */
import type { SurveyedTest } from "./testProcess.ts";
import { TestRun } from "./testRun.ts";

export interface Kill {
  readonly mutant: number;
  /** The test, or what else told it: the file did not load, the process died, the time ran out. */
  readonly by: string;
}

/** What one run of a test file without any mutant says. */
export interface Survey {
  readonly tests: readonly SurveyedTest[];
  /** Mutants that are met while the file loads. */
  readonly atLoad: readonly number[];
  readonly loadMs: number;
}

export interface Target {
  readonly testFile: string;
  /** Files under attack, with the number of the first mutant of each. */
  readonly files: Readonly<Record<string, number>>;
}

const LOAD_MS = 180_000;
/** Slower tests are asked about what the quicker ones of all files left. */
const QUICK_MS = 1_000;
const SURVEY_MS = 900_000;
/** A mutant may be this much slower, and this much on top: the machine has other work. */
const SLOWER = 10;
const SLACK_MS = 15_000;

/** Mutants whose code the file runs. */
export const reachedBy = ({ tests, atLoad }: Survey): ReadonlySet<number> =>
  new Set([...atLoad, ...tests.flatMap(({ isSlow, reached }) => (isSlow ? [] : reached))]);

/** Of these, those that a test meets each time it is run: the ones that {@link tryTogether} can judge. */
export const reachedAgain = ({ tests }: Survey): ReadonlySet<number> =>
  new Set(tests.flatMap(({ repeats, reached }) => (repeats ? reached : [])));

/**
 * Surveys the file, and tries those of `mutants` that its tests meet again and again: many in one process, each against
 * the quick tests that meet it, the quickest first.
 *
 * @param quickMs - How long a quick test takes at most.
 * @returns `unfit` says why the file judges nothing.
 */
export async function tryTogether(
  target: Target,
  mutants: readonly number[],
  quickMs: number = QUICK_MS,
): Promise<
  { readonly kills: readonly Kill[]; readonly survey: Survey } | { readonly unfit: string }
> {
  const first = new TestRun(target.testFile, { files: target.files, mutant: -1 });
  try {
    const loaded = await first.next(LOAD_MS);
    if (loaded.kind !== "loaded") return { unfit: `does not load (${loaded.kind})` };
    const surveyed = await first.ask({ kind: "survey" }, SURVEY_MS);
    if (surveyed.kind !== "surveyed") return { unfit: `cannot be surveyed (${surveyed.kind})` };
    const survey = { tests: surveyed.tests, atLoad: loaded.reached, loadMs: loaded.ms };
    const quick = ({ ms }: SurveyedTest): boolean => ms <= quickMs;
    return { kills: await tryEach(target, first, chosen(survey, quick), mutants), survey };
  } finally {
    await first.end();
  }
}

/** The same against the other tests: for what the quick ones of all files left. */
export async function trySlowly(
  target: Target,
  survey: Survey,
  mutants: readonly number[],
  quickMs: number = QUICK_MS,
): Promise<readonly Kill[]> {
  const tests = chosen(survey, ({ ms }) => ms > quickMs);
  if (!mutants.some((mutant) => tests.some(({ reached }) => reached.includes(mutant)))) return [];
  const first = new TestRun(target.testFile, { files: target.files, mutant: -1 });
  try {
    if ((await first.next(LOAD_MS)).kind !== "loaded") return [];
    return await tryEach(target, first, tests, mutants);
  } finally {
    await first.end();
  }
}

/** A test with its place in its file. */
interface PlacedTest extends SurveyedTest {
  readonly place: number;
}

/** Tests that pass again and again, and are meant; the quickest first. */
const chosen = ({ tests }: Survey, isMeant: (test: SurveyedTest) => boolean): PlacedTest[] =>
  tests
    .map((test, place) => ({ ...test, place }))
    .filter((test) => test.repeats && isMeant(test))
    .toSorted((a, b) => a.ms - b.ms);

async function tryEach(
  { testFile, files }: Target,
  first: TestRun,
  tests: readonly PlacedTest[],
  mutants: readonly number[],
): Promise<Kill[]> {
  const kills: Kill[] = [];
  const nameAt = (at: number): string => tests.find(({ place }) => place === at)!.name;
  let run = first;
  try {
    for (const mutant of mutants) {
      const against = tests.filter(({ reached }) => reached.includes(mutant));
      if (against.length === 0) continue;
      const usualMs = against.reduce((sum, { ms }) => sum + ms, 0);
      const order = { kind: "try", mutant, tests: against.map(({ place }) => place) } as const;
      // A kill counts if the test passes again without the mutant; else an earlier one may have spoilt the process.
      for (let isFresh = false; ; isFresh = true) {
        const answer = await run.ask(order, usualMs * SLOWER + SLACK_MS);
        const isGood = answer.kind === "tried" && answer.isClean;
        if (answer.kind === "tried" && answer.killedBy !== undefined && (isGood || isFresh))
          kills.push({ mutant, by: nameAt(answer.killedBy) });
        if (answer.kind === "died" || answer.kind === "late")
          if (isFresh || answer.kind === "late") kills.push({ mutant, by: answer.kind });
        if (isGood) break;
        await run.end();
        run = new TestRun(testFile, { files, mutant: -1 });
        if ((await run.next(LOAD_MS)).kind !== "loaded") return kills;
        if (isFresh || answer.kind === "late") break;
      }
    }
    return kills;
  } finally {
    if (run !== first) await run.end();
  }
}

/**
 * A process for each mutant, which is on from the start, and all tests in their order: for mutants that are met while the file
 * loads, or by tests that pass once in a process.
 *
 * @returns `undefined` if the file fails so without any mutant.
 */
export async function tryAlone(
  { testFile, files }: Target,
  { tests, loadMs }: Survey,
  mutants: readonly number[],
): Promise<readonly Kill[] | undefined> {
  const allMs = tests.reduce((sum, { isSlow, ms }) => (isSlow ? sum : sum + ms), 0);
  const verdictOn = async (mutant: number): Promise<string | undefined> => {
    const run = new TestRun(testFile, { files, mutant });
    try {
      const loaded = await run.next(loadMs * SLOWER + SLACK_MS);
      if (loaded.kind !== "loaded") return `loading (${loaded.kind})`;
      const asked = [...tests.keys()].filter((place) => !tests[place]!.isSlow);
      const order = { kind: "try", mutant, tests: asked } as const;
      const answer = await run.ask(order, allMs * SLOWER + SLACK_MS);
      if (answer.kind !== "tried") return answer.kind;
      return answer.killedBy === undefined ? undefined : tests[answer.killedBy]!.name;
    } finally {
      await run.end();
    }
  };
  if (mutants.length === 0) return [];
  if ((await verdictOn(-1)) !== undefined) return undefined;
  const kills: Kill[] = [];
  for (const mutant of mutants) {
    const by = await verdictOn(mutant);
    if (by !== undefined) kills.push({ mutant, by });
  }
  return kills;
}
