import { AnamnesisError } from "@anamnesis/protocol";
import type { Service } from "./childPlan.ts";
import type { Child } from "./childProcess.ts";
import { supervise } from "./supervisor.ts";

/** The running children of a federation. */
export interface Children {
  /** The process that runs now under this name. @throws {AnamnesisError} NOT_FOUND */
  named(name: string): Child;
  pids(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

/**
 * Starts every child's services; once all of them run, keeps them running.
 *
 * @throws {AnamnesisError} what the first child that failed answered; the caller ends the children then.
 */
export async function startChildren(
  processes: ReadonlyMap<string, Child>,
  plan: ReadonlyMap<string, readonly Service[]>,
  options: {
    readonly logs: string;
    readonly warn: (text: string) => void;
    readonly changed: () => Promise<void>;
  },
): Promise<Children> {
  const startIn =
    (name: string) =>
    async (child: Child): Promise<void> => {
      for (const { app, start, config } of plan.get(name) ?? [])
        await child.start(app, start, config);
    };
  await Promise.all([...processes].map(([name, child]) => startIn(name)(child)));
  const { logs, warn, changed } = options;
  const supervised = new Map(
    [...processes].map(([name, first]) => [
      name,
      supervise(name, { logs, first, start: startIn(name), say: warn, changed }),
    ]),
  );
  return {
    named: (name) => {
      const found = supervised.get(name);
      if (found === undefined)
        throw new AnamnesisError("NOT_FOUND", `No child is called '${name}'`);
      return found.process();
    },
    pids: () =>
      Object.fromEntries([...supervised].map(([name, each]) => [name, each.process().pid])),
    stop: async () => {
      await Promise.all([...supervised.values()].map((each) => each.stop()));
    },
  };
}
