/** One test file, run for one mutant after the other. Its argument is the file; it is told by messages what to run. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { takeReached, turnOn } from "./hooks.ts";
import { collected } from "./repeatedTests.ts";

/** From the hunt. */
export type Order =
  /** One test, by its place, without any mutant. */
  | { readonly kind: "survey"; readonly place: number }
  /** Tests by their places, in this order, until one fails. */
  | { readonly kind: "try"; readonly mutant: number; readonly tests: readonly number[] };

/** To the hunt. */
export type Report =
  /** `tests`: their names, by place. */
  | {
      readonly kind: "loaded";
      readonly ms: number;
      readonly reached: readonly number[];
      readonly tests: readonly string[];
    }
  | { readonly kind: "surveyed"; readonly test: SurveyedTest }
  /** `killedBy`: a test's place. `isClean`: whether that test passes again without the mutant. */
  | { readonly kind: "tried"; readonly killedBy: number | undefined; readonly isClean: boolean };

export interface SurveyedTest {
  readonly name: string;
  readonly ms: number;
  /** Mutants that it gets to. */
  readonly reached: readonly number[];
  /** It takes too long to be asked about mutants. */
  readonly isSlow: boolean;
  /** Whether it passes a second time in one process. */
  readonly repeats: boolean;
}

const SLOW_MS = 30_000;

const say = (report: Report): unknown => process.send!(report);

async function passes(place: number): Promise<boolean> {
  try {
    await collected[place]!.run();
    return true;
  } catch (error) {
    if (process.env["SHOW_FAILURES"] !== undefined) console.error(error);
    return false;
  }
}

async function timed(place: number): Promise<{ readonly passes: boolean; readonly ms: number }> {
  const started = performance.now();
  const isPassed = await passes(place);
  return { passes: isPassed, ms: performance.now() - started };
}

async function survey(place: number): Promise<SurveyedTest> {
  takeReached();
  const first = await timed(place);
  const isSlow = first.ms > SLOW_MS;
  const second = first.passes && !isSlow ? await timed(place) : { passes: false, ms: first.ms };
  const { name } = collected[place]!;
  return { name, ms: second.ms, reached: takeReached(), isSlow, repeats: second.passes };
}

async function tryMutant(mutant: number, tests: readonly number[]): Promise<Report> {
  turnOn(mutant);
  let killedBy: number | undefined;
  for (const place of tests) {
    if (await passes(place)) continue;
    killedBy = place;
    break;
  }
  turnOn(-1);
  const isClean = killedBy === undefined || (await passes(killedBy));
  return { kind: "tried", killedBy, isClean };
}

async function obey(order: Order): Promise<void> {
  if (order.kind === "survey") say({ kind: "surveyed", test: await survey(order.place) });
  else say(await tryMutant(order.mutant, order.tests));
}

process.on("message", (order: Order) => void obey(order));
// The hunt is over, or gone.
process.on("disconnect", () => process.exit());

const started = performance.now();
const file = resolve(process.argv[2]!);
readFileSync(file); // A path that is wrong is said as such.
await import(pathToFileURL(file).href);
say({
  kind: "loaded",
  ms: performance.now() - started,
  reached: takeReached(),
  tests: collected.map(({ name }) => name),
});
