/** Which test files a command line means. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { testFiles } from "./checks.mjs";
import { findPinnedNode, projectRoot } from "./pinnedNode.mjs";

/**
 * @typedef {object} Wanted
 * @property {readonly string[]} parts - A test file runs if its path contains one of them.
 * @property {readonly string[]} options - For `node --test`.
 * @property {string | undefined} changedSince - A revision: only tests that a change since then concerns.
 */

/**
 * @param {readonly string[]} args
 * @returns {Wanted | string} Or why they are refused.
 */
export function readArguments(args) {
  const changed = args.filter((arg) => /^--changed(=|$)/.test(arg)).at(-1);
  const changedSince =
    changed === undefined ? undefined : changed.slice("--changed=".length) || "HEAD";
  if (changedSince?.startsWith("-")) return `"${changedSince}" is no revision`;
  const parts = args.filter((arg) => !arg.startsWith("--"));
  const options = args.filter((arg) => arg.startsWith("--") && arg !== changed);
  if (options.includes("--watch") && parts.length === 0 && changed === undefined)
    return "Watch what? Wanted --changed, or parts of test files' paths such as packages/fhir";
  return { parts, options, changedSince };
}

/**
 * The files in batches that run one after the other, and those that are left out.
 *
 * @param {Wanted} wanted
 * @param {(file: string) => boolean} isWanted
 * @returns {{ batches: string[][], leftOut: string[] } | string} Or why there is nothing to run.
 */
export function chooseTests({ parts, options, changedSince }, isWanted) {
  const named = testFiles(parts).filter(isWanted);
  if (named.length === 0)
    return `No test file's path contains ${parts.map((part) => `"${part}"`).join(" or ")}`;
  if (changedSince === undefined) return { batches: [named], leftOut: [] };
  const concerned = concernedSince(changedSince);
  if (typeof concerned === "string") return concerned;
  const among = (/** @type {readonly string[]} */ files) =>
    files.filter((file) => named.includes(file));
  const batches = [among(concerned.near), among(concerned.far)].filter((files) => files.length > 0);
  if (batches.length === 0) return `Nothing changed since ${changedSince} concerns a test`;
  const isWatching = options.includes("--watch");
  return { batches: isWatching ? [batches.flat()] : batches, leftOut: among(concerned.leftOut) };
}

/**
 * @param {string} revision
 * @returns {import("./changed.ts").Concerned | string}
 */
function concernedSince(revision) {
  const script = join(projectRoot, "tools", "changed.ts");
  const { status, stdout, stderr } = spawnSync(findPinnedNode(), [script, revision], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  return status === 0
    ? JSON.parse(stdout)
    : `Cannot tell what changed since ${revision}:\n${stderr}`;
}
