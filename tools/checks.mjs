/** The checks of a change: format, lint, types, tests. Each prints what it finds and says whether it passed. */
import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import process from "node:process";
import { findPinnedNode, pinnedEnvironment, projectRoot } from "./pinnedNode.mjs";
import { run } from "./step.mjs";

/** Folders that hold code; each has its configurations for the compiler at most one folder down. */
const rooms = ["packages", "apps", "tests", "tools"];

/**
 * Files below the rooms, as paths from the project's folder with forward slashes, sorted.
 *
 * @param {(name: string) => boolean} isWanted
 * @returns {string[]}
 */
function filesWhere(isWanted, root = projectRoot) {
  /** @param {string} folder @returns {string[]} */
  const walk = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      if (entry.name === "node_modules" || entry.name === "dist") return [];
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return walk(path);
      return entry.isFile() && isWanted(entry.name) ? [path] : [];
    });
  return rooms.flatMap(walk).toSorted();
}

/** @param {string} name @param {readonly string[]} args */
function runInstalled(name, args) {
  const extension = process.platform === "win32" ? ".cmd" : "";
  const command = join(projectRoot, "node_modules", ".bin", name + extension);
  return run(command, args, pinnedEnvironment());
}

export const checkFormat = async () => (await runInstalled("oxfmt", ["--check"])) === 0;

export const writeFormat = async () => (await runInstalled("oxfmt", [])) === 0;

export const lint = async () => (await runInstalled("oxlint", ["--deny-warnings"])) === 0;

/** Checks every room under its configurations, as many at a time as there are cores. */
export async function checkTypes() {
  const configs = filesWhere((name) => /^tsconfig(\..+)?\.json$/.test(name));
  const failed = await failing(configs, (config) => runInstalled("tsc", ["-p", config]));
  if (failed.length > 0) console.error(`Type errors under ${failed.join(", ")}`);
  return failed.length === 0;
}

/**
 * @param {readonly string[]} items
 * @param {(item: string) => Promise<number>} work
 */
async function failing(items, work) {
  const waiting = [...items];
  /** @type {string[]} */
  const failed = [];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      if ((await work(item)) !== 0) failed.push(item);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return failed.toSorted();
}

/**
 * Test files whose path contains one of `filters`; all if there are none.
 *
 * @param {readonly string[]} filters
 */
export function testFiles(filters, root = projectRoot) {
  const wanted = filters.map((filter) => filter.split(sep).join("/").replace(/^\.\//, ""));
  const files = filesWhere((name) => name.endsWith(".test.ts"), root);
  return wanted.length === 0
    ? files
    : files.filter((file) => wanted.some((part) => file.includes(part)));
}

/** Longer than any test takes on a slow machine. */
const TEST_MS_MAX = 15 * 60_000;

/**
 * Runs test files, one process each. One that hangs fails after a quarter of an hour, and a process ends with its last test:
 * what a failed test left open, a server or a socket, does not keep the run from ending.
 *
 * @param {readonly string[]} files
 * @param {readonly string[]} options - For `node --test`.
 */
export async function runTests(files, options) {
  // Tests mostly wait for servers and disks, so even a small machine runs two.
  const concurrency = Math.max(2, availableParallelism() - 1);
  const flags = [
    "--test",
    "--test-reporter=spec",
    `--test-concurrency=${concurrency}`,
    `--test-timeout=${TEST_MS_MAX}`,
    // Node takes either of the two.
    ...(options.includes("--watch") ? [] : ["--test-force-exit"]),
  ];
  return (await run(findPinnedNode(), [...flags, ...options, ...files], pinnedEnvironment())) === 0;
}
