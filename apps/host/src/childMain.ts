/**
 * The entry of every child process of `anamnesis up`: one per institution, one for the registry, one for the vaults.
 *
 * This is the composition root. Apps never import apps; here the command line names the modules to run, and this file
 * loads them by address and calls what they export. Secrets of a data directory are born in this process and stay in it.
 */
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { createBirpc } from "birpc";
import type { ChildCalls, ChildError } from "./childProcess.ts";

interface Running {
  stop(): Promise<void>;
}

type Callable = (...args: readonly unknown[]) => unknown;

const running: Running[] = [];

// What is begun here, before its server runs, is for this user alone like all that the server makes.
process.umask(0o077);

const calls: ChildCalls = {
  call: async (app, name, args) => (await exported(app, name))(...args),
  start: async (app, name, args) => {
    const start = await exported(app, name);
    running.push((await start(...args)) as Running);
  },
  stop: async () => {
    await stopAll();
    setImmediate(() => process.disconnect()); // After the answer.
  },
};

async function exported(app: string, name: string): Promise<Callable> {
  const path = resolve(import.meta.dirname, "../..", app, "src/index.ts");
  const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const found = module[name];
  if (typeof found !== "function") throw new Error(`apps/${app} exports no function '${name}'`);
  return found as Callable;
}

/** In reverse order of their start, so that nobody outlives what it asks. */
async function stopAll(): Promise<void> {
  for (const server of running.splice(0).toReversed()) await server.stop();
}

createBirpc<object, ChildCalls>(calls, {
  post: (message) => process.send?.(message),
  on: (listener) => process.on("message", listener),
  // An error keeps no code when it crosses.
  serialize: (message) => ("e" in message ? { ...message, e: plain(message.e) } : message),
  timeout: -1,
});

function plain(error: unknown): ChildError {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return { code: typeof code === "string" ? code : "INTERNAL", message: String(message) };
}

// Whoever started this process is gone, or has asked it to stop: nothing may keep running unseen.
process.on("disconnect", () => {
  const force = setTimeout(() => process.exit(1), 5_000);
  force.unref();
  void stopAll().finally(() => process.exit(0));
});

// The terminal sends Ctrl-C to the whole group; the parent stops its children in order.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => process.disconnect?.());
