/**
 * `npm run mutants`: plants small faults in what checks, and says which of them no test finds.
 *
 *   PART…            only files whose path contains one of these
 *   --file=PATH      only this file; may stand several times
 *   --changed[=REV]  only files that differ from a revision, HEAD if none is named
 *   --near           only tests of a file's own workspace
 *   --json           figures and survivors as JSON, on standard output
 *
 * Each kill is said at once, on standard error; a hunt that is told to stop prints what it knows.
 *
 * Exit code 0 if in every room that was attacked at least 95 % of the mutants that are not named equivalent were killed.
 */
import process from "node:process";
import { changedFiles } from "../changed.ts";
import { projectRoot } from "../pinnedNode.mjs";
import { readSources } from "../tidy/sources.ts";
import { readWorkspaces } from "../tidy/workspaces.ts";
import { readEquivalents } from "./equivalents.ts";
import { hunt, mutantsOf, type Scope } from "./hunt.ts";
import { figuresOf, survivorsOf, tableOf, type Figures } from "./report.ts";
import { filesOf, rooms } from "./rooms.ts";
import { endAllRuns } from "./testRun.ts";
import { Verdicts } from "./verdicts.ts";

const WANTED = 0.95;

const sources = readSources(projectRoot);
const paths = sources.map(({ path }) => path);

/** @returns What to attack, or why the arguments are refused. */
function scopeOf(args: readonly string[]): Scope | string {
  const parts = args.filter((arg) => !arg.startsWith("--"));
  const named = args.filter((arg) => arg.startsWith("--file=")).map((arg) => arg.slice(7));
  const changed = args.find((arg) => /^--changed(=|$)/.test(arg));
  const unknown = args.find(
    (arg) => arg.startsWith("--") && !/^--(?:file=.+|changed(?:=[^-].*)?|near|json)$/.test(arg),
  );
  if (unknown !== undefined)
    return `Unknown option "${unknown}"; wanted --file=PATH, --changed, --near or --json`;
  const since =
    changed === undefined
      ? undefined
      : changedFiles(projectRoot, changed.slice("--changed=".length) || "HEAD");
  const files = [...new Set(rooms.flatMap((room) => filesOf(room, paths)))].filter(
    (file) =>
      (parts.length === 0 || parts.some((part) => file.includes(part))) &&
      (named.length === 0 || named.includes(file)) &&
      (since === undefined || since.includes(file)),
  );
  if (files.length === 0) return "None of the files named in tools/mutants/rooms.ts is meant";
  return { files, isNear: args.includes("--near") };
}

const args = process.argv.slice(2);
const scope = scopeOf(args);
if (typeof scope === "string") {
  console.error(scope);
  process.exitCode = 2;
} else {
  const verdicts = new Verdicts(mutantsOf(scope.files).mutants);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      console.error("Cut off: what is listed as left may be killed by a test that was not asked.");
      report(verdicts);
      void endAllRuns().finally(() => process.exit(130));
    });
  const tell = (line: string): void => console.error(line);
  await hunt(scope, sources, readWorkspaces(sources), tell, verdicts);
  if (report(verdicts).some(({ rate }) => rate < WANTED)) process.exitCode = 1;
}

/** Prints what is known, on standard output. */
function report(verdicts: Verdicts): readonly Figures[] {
  const equivalents = readEquivalents();
  const fates = verdicts.fates();
  const figures = figuresOf(fates, equivalents);
  const survivors = survivorsOf(fates, equivalents);
  if (args.includes("--json")) console.log(JSON.stringify({ figures, survivors }, null, 2));
  else console.log(tableOf(figures, survivors));
  return figures;
}
