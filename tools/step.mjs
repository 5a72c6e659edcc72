/** Runs one step of a command and prints what it is and how long it took. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { projectRoot } from "./pinnedNode.mjs";

/** @typedef {{ name: string, ok: boolean, ms: number }} StepResult */

/** @param {number} ms */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Runs `work` under a heading. A step fails by throwing or by returning false.
 *
 * @param {string} name
 * @param {() => boolean | void | Promise<boolean | void>} work
 * @returns {Promise<StepResult>}
 */
export async function step(name, work) {
  console.log(`\n▶ ${name}`);
  const started = performance.now();
  let ok = false;
  try {
    ok = (await work()) !== false;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  const ms = performance.now() - started;
  console.log(`${ok ? "✔" : "✖"} ${name} (${seconds(ms)})`);
  return { name, ok, ms };
}

/**
 * Runs a program in the project's folder with this process's standard streams, without a shell.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>} Its exit code; 128 + n if signal n ended it; 127 if it could not be started.
 */
export function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: projectRoot, env, stdio: "inherit" });
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      // A terminal sends Ctrl-C to the whole foreground group, so the child has it already.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    process.on("SIGTERM", forward);
    process.on("SIGINT", forward);
    /** @param {number} code */
    const done = (code) => {
      process.removeListener("SIGTERM", forward);
      process.removeListener("SIGINT", forward);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`Cannot start ${command}: ${error.message}`);
      done(127);
    });
    child.on("exit", (code, signal) => {
      done(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}
