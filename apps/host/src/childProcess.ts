import { fork } from "node:child_process";
import type { ChildProcess, Serializable } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createBirpc } from "birpc";
import { AnamnesisError, errorCodes } from "@anamnesis/protocol";
import type { ErrorCode } from "@anamnesis/protocol";

/** What the parent may call in a child. `app` is the folder below `apps/`, `name` a function that it exports. */
export interface ChildCalls {
  call(app: string, name: string, args: readonly unknown[]): Promise<unknown>;
  start(app: string, name: string, args: readonly unknown[]): Promise<void>;
  stop(): Promise<void>;
}

/** An error on its way to the parent. */
export interface ChildError {
  readonly code: string;
  readonly message: string;
}

/** One child process that runs apps, and the line to it. */
export interface Child {
  readonly pid: number;
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<string>;
  /** Calls a function that the app exports, in the child. @throws {AnamnesisError} what the child answered */
  call(app: string, name: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Starts a server in the child; it stops with the child. */
  start(app: string, name: string, ...args: readonly unknown[]): Promise<void>;
  /** Asks the child to stop its servers and end; kills it if it does not within 10 s. */
  stop(): Promise<void>;
}

/**
 * How a server's process is run. Collecting garbage on as many threads as there are cores takes from a small machine what it
 * gives; a heap that grows by little, and few arenas of malloc, halve the memory that a busy node takes.
 */
export const leanProcess = {
  execArgv: [
    "--no-parallel-scavenge",
    "--v8-pool-size=1",
    "--max-semi-space-size=32",
    "--heap-growing-percent=100",
  ],
  env: { MALLOC_ARENA_MAX: "2" },
} as const;

/** @param logs - Folder for the child's own output. */
export function spawnChild(name: string, logs: string): Child {
  const log = createWriteStream(join(logs, `${name}.log`), { flags: "a", mode: 0o600 });
  const child = fork(join(import.meta.dirname, "childMain.ts"), [], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    serialization: "advanced",
    execArgv: [...leanProcess.execArgv],
    env: { ...process.env, ...leanProcess.env },
  });
  child.stdout?.pipe(log);
  child.stderr?.pipe(log);
  const calls = createBirpc<ChildCalls, object, false>(
    {},
    {
      post: (message) => sent(child, message),
      on: (listener) => child.on("message", listener),
      deserialize: (message) =>
        "e" in message ? { ...message, e: refusal(name, message.e) } : message,
      proxify: false,
      timeout: -1,
    },
  );
  const ended = endOf(child).then((how) => {
    calls.$close(new AnamnesisError("UNAVAILABLE", `${name} ended (${how})`));
    return how;
  });
  const unsent = (cause: unknown): never => {
    if (cause instanceof AnamnesisError) throw cause;
    throw new AnamnesisError("UNAVAILABLE", `${name} does not answer`, { cause });
  };

  return {
    pid: child.pid ?? 0,
    ended,
    call: (app, exportName, ...args) => calls.$call("call", app, exportName, args).catch(unsent),
    start: (app, exportName, ...args) => calls.$call("start", app, exportName, args).catch(unsent),
    stop: async () => {
      const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
      if (child.connected) await calls.$call("stop").catch(() => undefined);
      await ended;
      clearTimeout(kill);
    },
  };
}

const sent = (child: ChildProcess, message: Serializable): Promise<void> =>
  new Promise((resolve, reject) => {
    child.send(message, (error) => (error === null ? resolve() : reject(error)));
  });

const refusal = (child: string, { code, message }: ChildError): AnamnesisError =>
  new AnamnesisError(
    Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "INTERNAL",
    `${child}: ${message}`,
  );

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
