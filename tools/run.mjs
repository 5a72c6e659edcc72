/**
 * The project's commands, behind `npm start` and `npm test`. Each works right after a clone: it installs what is missing,
 * says what it does and how long that took. Plain JavaScript that Node 20 runs without any dependency.
 *
 *   start  [OPTION…]   installs, bundles the portal, then `anamnesis up --demo OPTION…` in the foreground
 *   test   [PART…]     every check and test; with PARTs only the test files whose path contains one of them; with
 *                      --changed[=REV] only those that a change concerns; with --watch again at each save
 *   check  [PART…]     the same without the end-to-end tests
 *   format             formats the sources in place
 *   mutants [PART…]    plants small faults in what checks, and says which of them no test finds; see tools/mutants/main.ts
 */
import { join } from "node:path";
import process from "node:process";
import { writeFormat } from "./checks.mjs";
import { installDependencies, missingDependency } from "./dependencies.mjs";
import { projectRoot, runWithPinnedNode } from "./pinnedNode.mjs";
import { buildPortal } from "./portalBuild.mjs";
import { step } from "./step.mjs";
import { verify } from "./verify.mjs";

/** @param {readonly string[]} args */
async function start(args) {
  if (!(await step("Install dependencies", installDependencies)).ok) return 1;
  if (!(await step("Bundle the portal", buildPortal)).ok) return 1;
  console.log("\n▶ anamnesis up --demo (data in .anamnesis; Ctrl-C stops)");
  runWithPinnedNode(join(projectRoot, "apps/cli/src/main.ts"), ["up", "--demo", ...args]);
  return undefined;
}

/** @param {readonly string[]} args */
const test = (args) => verify(args, () => true);

/** @param {readonly string[]} args */
const check = (args) => verify(args, (file) => !file.startsWith("tests/e2e/"));

async function format() {
  if (!(await step("Install dependencies", installDependencies)).ok) return 1;
  return (await step("Format", writeFormat)).ok ? 0 : 1;
}

/** @param {readonly string[]} args */
async function mutants(args) {
  if (
    missingDependency() !== undefined &&
    !(await step("Install dependencies", installDependencies)).ok
  )
    return 1;
  runWithPinnedNode(join(projectRoot, "tools/mutants/main.ts"), args);
  return undefined;
}

/**
 * Stops this command when npm was told to stop: npm passes the signal to its shell only, and a shell that ends leaves its
 * child running.
 */
function stopWithNpm() {
  if (process.env["npm_lifecycle_event"] === undefined) return;
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, 200);
  timer.unref();
}

const commands = { start, test, check, format, mutants };
const [name = "", ...args] = process.argv.slice(2);
if (Object.hasOwn(commands, name)) {
  stopWithNpm();
  const code = await commands[/** @type {keyof typeof commands} */ (name)](args);
  if (code !== undefined) process.exitCode = code;
} else {
  console.error(`Unknown command "${name}"; wanted ${Object.keys(commands).join(", ")}`);
  process.exitCode = 2;
}
