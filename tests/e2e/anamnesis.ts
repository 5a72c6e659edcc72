import { spawn } from "node:child_process";
import type { ChildProcess, ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const bin = fileURLToPath(new URL("../../apps/cli/src/main.ts", import.meta.url));

/** What one run of the command line gave. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

const cleanEnvironment = (): NodeJS.ProcessEnv => {
  const { ANAMNESIS_PASSPHRASE: _unset, ...rest } = process.env;
  return rest;
};

/** A process of ours that ends with this one at the latest, whichever test failed before it was stopped. */
function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): ChildProcessByStdio<null, Readable, Readable> {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...cleanEnvironment(), ...env },
  });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
  return child;
}

/** Runs `anamnesis` as an outside script would: a process, its streams, its exit code. */
export async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran> {
  const since = Date.now();
  const child = start(args, env);
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString("latin1");
  return { code: code ?? -1, stdout: text(stdout), stderr: text(stderr), ms: Date.now() - since };
}

/** A federation that runs in a child process. */
export interface Up {
  readonly dir: string;
  readonly ready: { readonly ready: true; readonly portal: string; readonly dir: string };
  readonly process: ChildProcess;
  /** What it said on standard error so far. */
  said(): string;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `anamnesis up --json` and waits for its one line. */
export async function up(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Up> {
  const child = start(["up", "--json", "--dir", dir, ...args], env);
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  const ready = await new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += String(chunk);
      if (stdout.includes("\n")) resolve(stdout);
    });
    child.once("exit", (code) => reject(new Error(`up ended with ${code}: ${stderr}`)));
  });
  return {
    dir,
    ready: JSON.parse(ready) as Up["ready"],
    process: child,
    said: () => stderr,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const ended = once(child, "exit") as Promise<[number | null]>;
      child.kill("SIGTERM");
      return (await ended)[0];
    },
  };
}

/** The one object that a command answers. @throws {Error} when it failed */
export async function ask<T>(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json", "--dir", dir], env);
  if (code !== 0)
    throw new Error(`anamnesis ${args.slice(0, 2).join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(Buffer.from(stdout, "latin1").toString()) as T;
}

/** How a command is refused. @throws {Error} when it is not, or says so in another form */
export async function refusal(
  dir: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ readonly exit: number; readonly code: string; readonly message: string }> {
  const { code, stdout, stderr } = await run([...args, "--json", "--dir", dir], env);
  if (code === 0)
    throw new Error(`anamnesis ${args.join(" ")} was not refused: ${stdout.slice(0, 300)}`);
  if (stdout !== "")
    throw new Error(`A refusal has something on standard output: ${stdout.slice(0, 300)}`);
  const { error } = JSON.parse(stderr) as { error: { code: string; message: string } };
  return { exit: code, ...error };
}

/** A folder of its own for one test file; `remove` takes it away. */
export async function temporaryFolder(): Promise<{
  readonly path: string;
  remove(): Promise<void>;
}> {
  const path = await mkdtemp(join(tmpdir(), "anamnesis-e2e-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
