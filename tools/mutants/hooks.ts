/**
 * Loaded before everything else (`--import`), in every process that a hunt starts: files under attack come with their
 * mutants, nothing is written. In the process that runs tests, `node:test` is one whose tests run again and again.
 */
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { projectRoot } from "../pinnedNode.mjs";
import { mutate, SWITCH } from "./mutate.ts";

/** What a hunt tells its processes, in the environment variable {@link ATTACK}. */
export interface Attack {
  /** Number of the first mutant, by path from the project's folder. */
  readonly files: Readonly<Record<string, number>>;
  /** The mutant that is on from the start; -1: none. */
  readonly mutant: number;
}
export const ATTACK = "ANAMNESIS_ATTACK";

const MUTANTS_MAX = 1 << 16;

const attack = JSON.parse(process.env[ATTACK] ?? '{"files":{},"mutant":-1}') as Attack;

/** One memory for a process and its threads: which mutant is on, and a flag for each that was met. */
const inherited = getEnvironmentData(SWITCH) as SharedArrayBuffer | undefined;
const memory = inherited ?? new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT + MUTANTS_MAX);
setEnvironmentData(SWITCH, memory);
const on = new Int32Array(memory, 0, 1);
const reached = new Uint8Array(memory, Int32Array.BYTES_PER_ELEMENT);
if (inherited === undefined) on[0] = attack.mutant;

/** The mutants that were met since this was asked last. */
export function takeReached(): number[] {
  const met = [...reached.entries()].flatMap(([mutant, flag]) => (flag ? [mutant] : []));
  reached.fill(0);
  return met;
}

/** Turns a mutant on, here, in threads, and in processes that are started from here. */
export function turnOn(mutant: number): void {
  on[0] = mutant;
  process.env[ATTACK] = JSON.stringify({ ...attack, mutant });
}

Object.assign(globalThis, {
  [SWITCH]: (mutant: number): boolean => {
    reached[mutant] = 1;
    return mutant === on[0];
  },
});

const attacked = new Map(
  Object.entries(attack.files).map(([file, first]) => [
    pathToFileURL(join(projectRoot, file)).href,
    { file, first },
  ]),
);
const standIn = new URL("./repeatedTests.ts", import.meta.url).href;
const runsTests = process.argv[1] === join(import.meta.dirname, "testProcess.ts");

registerHooks({
  resolve(specifier, context, next) {
    return runsTests && specifier === "node:test" && context.parentURL !== standIn
      ? { url: standIn, shortCircuit: true }
      : next(specifier, context);
  },
  load(url, context, next) {
    const found = attacked.get(url);
    if (found === undefined) return next(url, context);
    const source = readFileSync(new URL(url), "utf8");
    const { code } = mutate(found.file, source, found.first);
    return { format: "module", source: code, shortCircuit: true };
  },
});
