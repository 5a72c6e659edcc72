/** Installs what package-lock.json names, and only when node_modules holds something else. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { findPinnedNode, projectRoot } from "./pinnedNode.mjs";
import { run } from "./step.mjs";

/** @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockEntry */

/**
 * Says what node_modules lacks, by comparing package-lock.json with the copy that npm leaves of what it installed.
 *
 * @returns {string | undefined} The first difference in words; `undefined` if there is none.
 */
export function missingDependency(root = projectRoot) {
  const wanted = readLock(join(root, "package-lock.json"));
  if (wanted === undefined) return "package-lock.json cannot be read";
  const installed = readLock(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return "nothing is installed";
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.startsWith("node_modules/")) continue;
    const found = installed[path];
    if (found === undefined) {
      // Packages for other platforms are left out.
      if (entry.optional === true || entry.devOptional === true) continue;
      return `${path} is not installed`;
    }
    if (found.version !== entry.version || found.integrity !== entry.integrity) {
      return `${path} is version ${found.version}, wanted ${entry.version}`;
    }
  }
  return undefined;
}

/** @param {string} file @returns {Record<string, LockEntry> | undefined} */
function readLock(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * Runs `npm ci` if something is missing, with the npm that runs this command, else the one on the PATH.
 *
 * @returns {Promise<boolean>} Whether a usable tree with Node 24.2 or newer is there afterwards.
 */
export async function installDependencies() {
  const missing = missingDependency();
  if (missing === undefined) {
    console.log("Already installed");
  } else {
    console.log(`npm ci: ${missing}; about 200 packages, a minute or so`);
    // Errors only: npm warns of packages that want a newer Node than the one it runs on, which is never the one they run on.
    const args = ["ci", "--loglevel=error", "--no-fund", "--no-audit"];
    const npm = process.env["npm_execpath"];
    const code =
      npm !== undefined && /npm-cli\.c?js$/.test(npm)
        ? await run(process.execPath, [npm, ...args])
        : await run(process.platform === "win32" ? "npm.cmd" : "npm", args);
    if (code !== 0) return false;
  }
  console.log(`Node for the project: ${findPinnedNode()}`);
  return true;
}
