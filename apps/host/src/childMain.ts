/**
 * The entry of every child process of `anamnesis up`: one per institution, one for the registry, one for the vaults.
 *
 * This is the composition root. Apps never import apps; here the command line names the modules to run, and this file
 * loads them by address and calls what they export. Secrets of a home are born in this process and stay in it.
 */
import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import type { ChildCall, ChildReply } from "./childProcess.ts";

interface Running {
  readonly address: string;
  stop(): Promise<void>;
}

type Callable = (...args: readonly unknown[]) => unknown;

const running: Running[] = [];

async function answer(call: ChildCall): Promise<unknown> {
  switch (call.verb) {
    case "call":
      return (await exported(call.app, call.name))(...call.args);
    case "start": {
      const start = await exported(call.app, call.name);
      const server = (await start(...call.args)) as Running;
      running.push(server);
      return { address: server.address };
    }
    case "stop":
      await stopAll();
      return undefined;
  }
}

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

const reply = (message: ChildReply): void => void process.send?.(message);

process.on("message", (call: ChildCall) => {
  void (async () => {
    try {
      const value = await answer(call);
      reply({ id: call.id, ok: true, value });
      if (call.verb === "stop") process.disconnect();
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      reply({
        id: call.id,
        ok: false,
        code: typeof code === "string" ? code : "INTERNAL",
        message: String(message),
      });
    }
  })();
});

// Whoever started this process is gone, or has asked it to stop: nothing may keep running unseen.
process.on("disconnect", () => {
  const force = setTimeout(() => process.exit(1), 5_000);
  force.unref();
  void stopAll().finally(() => process.exit(0));
});

// The terminal sends Ctrl-C to the whole group; the parent stops its children in order.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => process.disconnect?.());
