/** One test file against mutants: which of them does it kill? */
import type { SurveyedTest } from "./testProcess.ts";
import { TestRun, type Answer } from "./testRun.ts";

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
  /** Names of tests that did not end in time, and are asked nothing. */
  readonly hung: readonly string[];
}

/** Is told of each kill at once: a hunt that is cut off has said what it knew. */
export type Hear = (kill: Kill) => void;

export interface Target {
  readonly testFile: string;
  /** Files under attack, with the number of the first mutant of each. */
  readonly files: Readonly<Record<string, number>>;
}

const LOAD_MS = 180_000;
/** Slower tests are asked about what the quicker ones of all files left. */
const QUICK_MS = 1_000;
/** For one test, run twice. One that waits for what never comes, such as a timer that it has mocked, holds nothing up for longer. */
const TEST_MS = 60_000;
/** A file with more tests that do not end judges nothing. */
const HUNG_MAX = 1;
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
 * @param limits.quickMs - How long a quick test takes at most.
 * @param limits.testMs - How long a survey waits for a test.
 * @returns `unfit` says why the file judges nothing.
 */
export async function tryTogether(
  target: Target,
  mutants: readonly number[],
  hear: Hear,
  { quickMs = QUICK_MS, testMs = TEST_MS }: { quickMs?: number; testMs?: number } = {},
): Promise<Survey | { readonly unfit: string }> {
  let run = new TestRun(target.testFile, { files: target.files, mutant: -1 });
  try {
    const loaded = await run.next(LOAD_MS);
    if (loaded.kind !== "loaded") return { unfit: `does not load (${loaded.kind})` };
    const tests: SurveyedTest[] = [];
    const hung: string[] = [];
    for (const [place, name] of loaded.tests.entries()) {
      const answer = await run.ask({ kind: "survey", place }, testMs);
      if (answer.kind === "surveyed") {
        tests.push(answer.test);
        continue;
      }
      if (answer.kind !== "late")
        return { unfit: `cannot be surveyed (${answer.kind}, "${name}")` };
      hung.push(name);
      if (hung.length > HUNG_MAX)
        return { unfit: `has tests that do not end: "${hung.join('", "')}"` };
      tests.push({ name, ms: testMs, reached: [], isSlow: true, repeats: false });
      run = new TestRun(target.testFile, { files: target.files, mutant: -1 });
      const again = await run.next(LOAD_MS);
      if (again.kind !== "loaded") return { unfit: `does not load again (${again.kind})` };
    }
    const survey = { tests, atLoad: loaded.reached, loadMs: loaded.ms, hung };
    const quick = ({ ms }: SurveyedTest): boolean => ms <= quickMs;
    await tryEach(target, run, chosen(survey, quick), mutants, hear);
    return survey;
  } finally {
    await run.end();
  }
}

/** The same against the other tests: for what the quick ones of all files left. */
export async function trySlowly(
  target: Target,
  survey: Survey,
  mutants: readonly number[],
  hear: Hear,
  quickMs: number = QUICK_MS,
): Promise<void> {
  const tests = chosen(survey, ({ ms }) => ms > quickMs);
  if (!mutants.some((mutant) => tests.some(({ reached }) => reached.includes(mutant)))) return;
  const first = new TestRun(target.testFile, { files: target.files, mutant: -1 });
  try {
    if ((await first.next(LOAD_MS)).kind !== "loaded") return;
    await tryEach(target, first, tests, mutants, hear);
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
  hear: Hear,
): Promise<void> {
  const nameAt = (at: number): string => tests.find(({ place }) => place === at)!.name;
  let run = first;
  try {
    for (const mutant of mutants) {
      const against = tests.filter(({ reached }) => reached.includes(mutant));
      if (against.length === 0) continue;
      // A kill counts if the test passes again without the mutant; else an earlier one may have spoilt the process.
      for (let isFresh = false; ; isFresh = true) {
        const answer = await tryOne(run, mutant, against);
        const isGood = answer.kind === "tried" && answer.isClean;
        if (answer.kind === "tried" && answer.killedBy !== undefined && (isGood || isFresh))
          hear({ mutant, by: nameAt(answer.killedBy) });
        if (answer.kind === "died" || answer.kind === "late")
          if (isFresh || answer.kind === "late") hear({ mutant, by: answer.kind });
        if (isGood) break;
        await run.end();
        run = new TestRun(testFile, { files, mutant: -1 });
        if ((await run.next(LOAD_MS)).kind !== "loaded") return;
        if (isFresh || answer.kind === "late") break;
      }
    }
  } finally {
    if (run !== first) await run.end();
  }
}

/** The first answer that is no pass. Each test has a time of its own: one that waits for ever is soon known. */
async function tryOne(
  run: TestRun,
  mutant: number,
  against: readonly PlacedTest[],
): Promise<Answer> {
  for (const { place, ms } of against) {
    const order = { kind: "try", mutant, tests: [place] } as const;
    const answer = await run.ask(order, ms * SLOWER + SLACK_MS);
    if (answer.kind !== "tried" || answer.killedBy !== undefined) return answer;
  }
  return { kind: "tried", killedBy: undefined, isClean: true };
}

/**
 * A process for each mutant, which is on from the start, and all tests in their order: for mutants that are met while the file
 * loads, or by tests that pass once in a process.
 *
 * @returns Whether the file passes so without any mutant; where it does not, it judges none.
 */
export async function tryAlone(
  { testFile, files }: Target,
  { tests, loadMs }: Survey,
  mutants: readonly number[],
  hear: Hear,
): Promise<boolean> {
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
  if ((await verdictOn(-1)) !== undefined) return false;
  for (const mutant of mutants) {
    const by = await verdictOn(mutant);
    if (by !== undefined) hear({ mutant, by });
  }
  return true;
}
