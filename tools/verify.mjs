/** What `npm test` does: chooses the test files, makes ready what they need, runs the checks and them. */
import { checkFormat, checkTypes, lint, runTests } from "./checks.mjs";
import { chromiumNotice, installChromium } from "./chromium.mjs";
import { installDependencies } from "./dependencies.mjs";
import { buildPortal } from "./portalBuild.mjs";
import { findSamples, samplesNotice } from "./samples.mjs";
import { chooseTests, readArguments } from "./selection.mjs";
import { step } from "./step.mjs";

/**
 * Runs all steps even if one fails, tests last. After them stands once more what they had to do without.
 *
 * @param {readonly string[]} args - `--changed[=REV]`, options for `node --test`, and parts of test files' paths.
 * @param {(file: string) => boolean} isWanted
 * @returns {Promise<number>} The exit code.
 */
export async function verify(args, isWanted) {
  const wanted = readArguments(args);
  if (typeof wanted === "string") return refuse(wanted);
  if (!(await step("Install dependencies", installDependencies)).ok) return 1;
  const chosen = chooseTests(wanted, isWanted);
  if (typeof chosen === "string") return refuse(chosen);
  const { batches, leftOut } = chosen;
  const files = batches.flat();

  const results = [];
  const notices = [];
  if (files.some((file) => /^(tests|packages\/(fhir|testing))\//.test(file))) {
    results.push(await step("Find the sample records", findSamples));
    notices.push(samplesNotice());
  }
  if (files.some((file) => /^(tests|apps\/(web|cli|host))\//.test(file))) {
    results.push(await step("Find Chromium", installChromium));
    results.push(await step("Bundle the portal", buildPortal));
    notices.push(chromiumNotice());
  }
  if (wanted.parts.length === 0 && wanted.changedSince === undefined) {
    results.push(await step("Check the format", checkFormat));
    results.push(await step("Lint", lint));
    results.push(await step("Check types", checkTypes));
  }
  const passed = await runBatches(batches, wanted.options);
  if (leftOut.length > 0) {
    console.log(`\nNot run, since they take minutes, though the change reaches them:`);
    for (const file of leftOut) console.log(`  npm test -- ${file}`);
  }
  for (const notice of notices) if (notice !== undefined) console.error(`\n${notice}`);
  const failed = results.filter((result) => !result.ok).map((result) => result.name);
  if (failed.length > 0) console.error(`\n✖ Failed before the tests: ${failed.join(", ")}`);
  return passed && failed.length === 0 ? 0 : 1;
}

/** @param {string} why */
function refuse(why) {
  console.error(why);
  return 2;
}

/**
 * One batch after the other, as long as they pass: the nearest tests answer first.
 *
 * @param {readonly (readonly string[])[]} batches
 * @param {readonly string[]} options
 */
async function runBatches(batches, options) {
  for (const [at, files] of batches.entries()) {
    console.log(`\n▶ Test (${files.length} files)`);
    if (await runTests(files, options)) continue;
    const rest = batches.slice(at + 1).flat().length;
    if (rest > 0) console.error(`\n${rest} more test files that the change reaches were not run`);
    return false;
  }
  return true;
}
