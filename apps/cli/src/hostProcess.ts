import { fork } from "node:child_process";
import { join } from "node:path";
import type { HostEvent, HostRequest } from "@anamnesis/client/folder";
import { AnamnesisError } from "@anamnesis/protocol";

/** The host that this process started: another app, which it knows by its entry and its messages alone. */
export interface HostProcess {
  /** Resolves when the host has done what was asked. @throws what it answers, with that code; INTERNAL if it just ends. */
  readonly done: Promise<void>;
  /** Asks it to stop its children in order and end. */
  stop(): void;
}

/** Starts the host, which ends with this process. @param heard - Told what happens, as it happens. */
export function startHost(request: HostRequest, heard: (event: HostEvent) => void): HostProcess {
  const child = fork(join(import.meta.dirname, "../../host/src/main.ts"), [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [],
  });
  const tell = (message: HostRequest): void => {
    if (child.connected) child.send(message);
  };
  const done = new Promise<void>((resolve, reject) => {
    child.on("message", (event: HostEvent) => {
      if (event.what === "done") resolve();
      else if (event.what === "failed") reject(Object.assign(new Error(event.message), event));
      else heard(event);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      reject(new AnamnesisError("INTERNAL", `The host ended (${signal ?? `exit code ${code}`})`)),
    );
  });
  tell(request);
  return { done, stop: () => tell({ verb: "stop" }) };
}
