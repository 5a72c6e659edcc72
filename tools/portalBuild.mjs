/** Bundles the portal when its sources are newer than the bundle. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findPinnedNode, pinnedEnvironment, projectRoot } from "./pinnedNode.mjs";
import { run } from "./step.mjs";

/** What the bundle is made of: the portal and the packages that run in it. */
const sources = ["apps/web", "packages", "package-lock.json"];

/** Whether there is a portal whose bundle is missing or older than a source. */
export function isPortalStale(root = projectRoot) {
  if (!existsSync(join(root, "apps/web/vite.config.ts"))) return false;
  const bundle = join(root, "apps/web/dist/index.html");
  if (!existsSync(bundle)) return true;
  const built = statSync(bundle).mtimeMs;
  return sources.some((source) => newestChangeMs(join(root, source)) > built);
}

/** @param {string} path @returns {number} */
function newestChangeMs(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return path.endsWith(".test.ts") ? 0 : found.mtimeMs;
  const names = readdirSync(path).filter((name) => name !== "dist" && name !== "node_modules");
  return Math.max(0, ...names.map((name) => newestChangeMs(join(path, name))));
}

/** @returns {Promise<boolean>} */
export async function buildPortal() {
  if (!isPortalStale()) {
    console.log("Up to date");
    return true;
  }
  const vite = join(projectRoot, "node_modules/vite/bin/vite.js");
  const args = [vite, "build", "apps/web", "--logLevel", "warn"];
  return (await run(findPinnedNode(), args, pinnedEnvironment())) === 0;
}
