/**
 * The project's commands, behind `npm start` and `npm test`. Each works right after a clone: it installs what is missing,
 * says what it does and how long that took. Plain JavaScript that Node 20 runs without any dependency.
 *
 *   start  [OPTION…]   installs, bundles the portal, then `anamnesis up --demo OPTION…` in the foreground
 *   test   [PART…]     every check and test; with PARTs only the test files whose path contains one of them
 *   check  [PART…]     the same without the end-to-end tests
 *   format             formats the sources in place
 */
import { join } from "node:path";
import process from "node:process";
import { checkFormat, checkTypes, lint, runTests, testFiles, writeFormat } from "./checks.mjs";
import { chromiumNotice, installChromium } from "./chromium.mjs";
import { installDependencies } from "./dependencies.mjs";
import { projectRoot, runWithPinnedNode } from "./pinnedNode.mjs";
import { buildPortal } from "./portalBuild.mjs";
import { findSamples, samplesNotice } from "./samples.mjs";
import { step } from "./step.mjs";

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

/**
 * Runs all steps even if one fails, tests last. After them stands once more what they had to do without.
 *
 * @param {readonly string[]} args - Options for `node --test`, and parts of test files' paths.
 * @param {(file: string) => boolean} isWanted
 */
async function verify(args, isWanted) {
  const options = args.filter((arg) => arg.startsWith("--"));
  const filters = args.filter((arg) => !arg.startsWith("--"));
  const files = testFiles(filters).filter(isWanted);
  if (files.length === 0) {
    console.error(
      `No test file's path contains ${filters.map((part) => `"${part}"`).join(" or ")}`,
    );
    return 2;
  }
  if (!(await step("Install dependencies", installDependencies)).ok) return 1;

  const results = [];
  const notices = [];
  if (files.some((file) => /^(tests|packages\/(fhir|testing))\//.test(file))) {
    results.push(await step("Find the sample records", findSamples));
    notices.push(samplesNotice());
  }
  if (files.some((file) => /^(tests|apps\/(web|cli))\//.test(file))) {
    results.push(await step("Find Chromium", installChromium));
    results.push(await step("Bundle the portal", buildPortal));
    notices.push(chromiumNotice());
  }
  if (filters.length === 0) {
    results.push(await step("Check the format", checkFormat));
    results.push(await step("Lint", lint));
    results.push(await step("Check types", checkTypes));
  }
  console.log(`\n▶ Test (${files.length} files)`);
  const passed = await runTests(files, options);
  for (const notice of notices) if (notice !== undefined) console.error(`\n${notice}`);
  const failed = results.filter((result) => !result.ok).map((result) => result.name);
  if (failed.length > 0) console.error(`\n✖ Failed before the tests: ${failed.join(", ")}`);
  return passed && failed.length === 0 ? 0 : 1;
}

async function format() {
  if (!(await step("Install dependencies", installDependencies)).ok) return 1;
  return (await step("Format", writeFormat)).ok ? 0 : 1;
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

const commands = { start, test, check, format };
const [name = "", ...args] = process.argv.slice(2);
if (Object.hasOwn(commands, name)) {
  stopWithNpm();
  const code = await commands[/** @type {keyof typeof commands} */ (name)](args);
  if (code !== undefined) process.exitCode = code;
} else {
  console.error(`Unknown command "${name}"; wanted ${Object.keys(commands).join(", ")}`);
  process.exitCode = 2;
}
