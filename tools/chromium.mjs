/** Finds the system's Chromium, which the tests of the portal drive, and installs it where that needs no password. */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { aptGet } from "./apt.mjs";
import { boxed } from "./notices.mjs";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const elsewhere = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
// The second package shows Chinese text on screenshots.
const debianPackages = ["chromium", "fonts-wqy-zenhei"];

/**
 * The path of a Chromium: `CHROMIUM_PATH`, else the first on the PATH.
 *
 * @returns {string | undefined}
 */
export function findChromium(env = process.env) {
  const named = env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return isExecutable(named) ? named : undefined;
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  const paths = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...paths, ...elsewhere].find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} command @param {readonly string[]} args */
const succeeds = (command, args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;

/** Whether this run has to drive a browser. */
const requiresEngines = () => process.env["REQUIRE_ENGINES"] === "1";

/**
 * What did not run, for the reader of a run.
 *
 * @returns {string | undefined} Undefined if a Chromium is there.
 */
export function chromiumNotice() {
  if (findChromium() !== undefined) return undefined;
  return boxed([
    "CHROMIUM IS MISSING: the tests that drive the portal in a browser cannot run.",
    "Install it (Debian: apt-get install chromium), or set CHROMIUM_PATH.",
    ...(requiresEngines() ? ["REQUIRE_ENGINES=1 is set, so this run fails."] : []),
  ]);
}

/**
 * Makes sure that a Chromium is there.
 *
 * @returns {Promise<boolean>} False only if it is missing and `REQUIRE_ENGINES=1` says that it must not be.
 */
export async function installChromium() {
  if (findChromium() === undefined) await installDebianPackages();
  const notice = chromiumNotice();
  if (notice === undefined) console.log(`Chromium: ${findChromium()}`);
  else console.error(notice);
  return notice === undefined || !requiresEngines();
}

async function installDebianPackages() {
  if (!succeeds("apt-get", ["--version"])) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !succeeds("sudo", ["-n", "true"])) return;
  const options = {
    prefix: isRoot ? [] : ["sudo", "-n"],
    isDone: () => findChromium() !== undefined,
  };
  console.log(`apt-get install ${debianPackages.join(" ")}: about 400 MB on disk, a minute or two`);
  if (!(await aptGet(["update"], options)))
    console.error("apt-get update failed; trying with the lists at hand");
  if (findChromium() === undefined)
    await aptGet(["install", "-y", "--no-install-recommends", ...debianPackages], options);
}
