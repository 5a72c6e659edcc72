/** Runs apt-get after whoever else runs it at the moment, and shows how far it is. */
import { spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { seconds } from "./step.mjs";

/**
 * @typedef {object} AptOptions
 * @property {readonly string[]} [prefix] - What runs before `apt-get`, such as `sudo -n`.
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [pollMs] - How often a held lock is tried again.
 * @property {number} [waitMsMax] - How long in all, before it is given up.
 * @property {() => boolean} [isDone] - Whether the other run did what was wanted, asked after each wait.
 * @property {(line: string) => void} [say]
 */

/**
 * `apt-get ARGS`. While another process holds a lock of apt or dpkg it waits, up to `waitMsMax` (10 minutes), and says so.
 *
 * @param {readonly string[]} args
 * @param {AptOptions} [options]
 * @returns {Promise<boolean>} Whether it succeeded, or became needless meanwhile.
 */
export async function aptGet(args, options = {}) {
  const { pollMs = 2_000, waitMsMax = 600_000, isDone = () => false, say = console.log } = options;
  const started = performance.now();
  let lastSaidMs = Number.NEGATIVE_INFINITY;
  for (;;) {
    const { code, errors } = await runOnce(args, options, say);
    if (code === 0) return true;
    const holder = lockHolder(errors);
    if (holder === undefined) {
      say(errors.trimEnd() || `apt-get ended with ${code}`);
      return false;
    }
    const waitedMs = performance.now() - started;
    if (waitedMs >= waitMsMax) {
      say(`${holder} still runs after ${seconds(waitedMs)}; giving up`);
      return false;
    }
    if (waitedMs - lastSaidMs >= 15_000) {
      say(`Waiting for ${holder}: ${seconds(waitedMs)} of at most ${seconds(waitMsMax)}`);
      lastSaidMs = waitedMs;
    }
    await sleep(Math.min(pollMs, waitMsMax));
    if (isDone()) return true;
  }
}

/**
 * Who holds the lock for which apt-get failed, in words; undefined if it failed for something else. Root's missing rights
 * on a lock are something else.
 *
 * @param {string} errors - What apt-get wrote under `LC_ALL=C`.
 */
export function lockHolder(errors) {
  const held = /Could not get lock (\S+?)\.? (?:It is held by process (\d+) \(([^)]*)\))?/.exec(
    errors,
  );
  if (held === null) return undefined;
  const [, file, pid, name] = held;
  return pid === undefined ? `whoever holds ${file}` : `${name} (process ${pid}, holds ${file})`;
}

/**
 * @param {readonly string[]} args
 * @param {AptOptions} options
 * @param {(line: string) => void} say
 * @returns {Promise<{ code: number, errors: string }>}
 */
function runOnce(args, { prefix = [], env = process.env }, say) {
  const settings = ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"];
  // Progress comes on standard output, since sudo closes any further descriptor.
  const flags = ["-qq", "-o", "APT::Status-Fd=1", "-o", "Dpkg::Use-Pty=0"];
  const [command = "env", ...rest] = [...prefix, "env", ...settings, "apt-get", ...flags, ...args];
  return new Promise((resolve) => {
    const child = spawn(command, rest, { env, stdio: ["ignore", "pipe", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
    showProgress(child.stdout, say);
    child.on("error", (error) => resolve({ code: 127, errors: error.message }));
    child.on("close", (code) => resolve({ code: code ?? 1, errors }));
  });
}

/**
 * Says a line for each tenth of a download or of an installation. All else that apt-get and dpkg print is left out.
 *
 * @param {import("node:stream").Readable} output
 * @param {(line: string) => void} say
 */
function showProgress(output, say) {
  let rest = "";
  let shown = "";
  output.setEncoding("utf8").on("data", (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [, kind = "", percent = "", what = ""] =
        /^(dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line) ?? [];
      const tenth = `${kind} ${Math.floor(Number(percent) / 10)}`;
      if (kind === "" || tenth === shown) continue;
      shown = tenth;
      say(
        `  ${percent.split(".")[0]?.padStart(3)} % ${kind === "dl" ? "fetched" : "installed"}: ${what}`,
      );
    }
  });
}
