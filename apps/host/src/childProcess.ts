import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { AnamnesisError, errorCodes } from "@anamnesis/protocol";
import type { ErrorCode } from "@anamnesis/protocol";

/** What the parent asks of a child. `app` is the folder below `apps/`, `name` a function that it exports. */
export type ChildCall =
  | {
      readonly id: number;
      readonly verb: "call" | "start";
      readonly app: string;
      readonly name: string;
      readonly args: readonly unknown[];
    }
  | { readonly id: number; readonly verb: "stop" };

export type ChildReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

type Distribute<T> = T extends unknown ? Omit<T, "id"> : never;
type Ask = Distribute<ChildCall>;

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
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  let count = 0;

  child.on("message", (reply: ChildReply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) asked?.resolve(reply.value);
    else asked?.reject(new AnamnesisError(knownCode(reply.code), `${name}: ${reply.message}`));
  });
  const ended = endOf(child).then((how) => {
    for (const asked of waiting.values())
      asked.reject(new AnamnesisError("UNAVAILABLE", `${name} ended (${how})`));
    waiting.clear();
    return how;
  });

  const send = (call: Ask): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      child.send({ id, ...call } as ChildCall, (error) => {
        if (error === null) return;
        waiting.delete(id);
        reject(new AnamnesisError("UNAVAILABLE", `${name} does not answer`, { cause: error }));
      });
    });

  return {
    pid: child.pid ?? 0,
    ended,
    call: (app, exportName, ...args) => send({ verb: "call", app, name: exportName, args }),
    start: async (app, exportName, ...args) => {
      await send({ verb: "start", app, name: exportName, args });
    },
    stop: async () => {
      const kill = setTimeout(() => child.kill("SIGKILL"), 10_000);
      if (child.connected) await send({ verb: "stop" }).catch(() => undefined);
      await ended;
      clearTimeout(kill);
    },
  };
}

const knownCode = (code: string): ErrorCode =>
  Object.hasOwn(errorCodes, code) ? (code as ErrorCode) : "INTERNAL";

const endOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
