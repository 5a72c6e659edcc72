import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { exists } from "./actor.ts";
import { lockHolder, parsePersonName, places } from "@anamnesis/client/folder";
import type { GlobalOptions } from "./options.ts";

/** How often to look whether somebody still attends. */
const lookEveryMs = 1_000;

/**
 * Sees to it that a patient's device attends while a record is written: where nobody attends, and the folder has a
 * device of that name, starts `attend` as a child. The child unlocks the device; this process meets it only through
 * sealed mailbox messages.
 */
export function keepAttended(options: GlobalOptions, patient: string): { end(): Promise<void> } {
  let child: ChildProcess | undefined;
  let attempts = 0;
  let looking = Promise.resolve();

  const look = async (): Promise<void> => {
    if (child !== undefined || attempts >= 3) return;
    const at = places(options.dir);
    const name = nameOf(patient);
    if (name === undefined || !(await exists(at.device(name)))) return;
    if ((await lockHolder(at.attendLock(name))) !== undefined) return;
    attempts++;
    const started = startAttend(options, name);
    child = started;
    started.once("exit", () => {
      child = undefined;
    });
  };
  const lookAgain = (): void => {
    looking = looking.then(look);
  };
  lookAgain();
  const timer = setInterval(lookAgain, lookEveryMs);

  return {
    end: async () => {
      clearInterval(timer);
      attempts = Number.POSITIVE_INFINITY;
      await looking;
      const running = child;
      if (running === undefined) return;
      await new Promise<void>((resolve) => {
        const kill = setTimeout(() => running.kill("SIGKILL"), 5_000);
        running.once("exit", () => {
          clearTimeout(kill);
          resolve();
        });
        running.kill("SIGTERM");
      });
    },
  };
}

function startAttend(options: GlobalOptions, name: string): ChildProcess {
  const args = ["attend", "--as", name, "--dir", options.dir, "--json"];
  if (options.passphraseFile !== undefined) args.push("--passphrase-file", options.passphraseFile);
  return fork(join(import.meta.dirname, "main.ts"), args, {
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    execArgv: [],
  });
}

/** An identifier that is no name has no device here. */
function nameOf(patient: string): string | undefined {
  try {
    return parsePersonName(patient);
  } catch {
    return undefined;
  }
}
