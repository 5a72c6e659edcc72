import { fork } from "node:child_process";
import { join } from "node:path";
import { createBirpc } from "birpc";
import { AnamnesisError } from "@anamnesis/protocol";
import type { ErrorCode } from "@anamnesis/protocol";
import type { KeysCalls } from "./keysMain.ts";

/** The child process that makes new persons' devices, seen from the one that enrols them. */
export interface KeysProcess extends KeysCalls {
  end(): void;
}

/** Starts the child. It ends with {@link KeysProcess.end}, or with this process. */
export function spawnKeys(): KeysProcess {
  const child = fork(join(import.meta.dirname, "keysMain.ts"), [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    execArgv: [],
  });
  const keys = createBirpc<KeysCalls>(
    {},
    {
      post: (message) => child.send(message),
      on: (listener) => child.on("message", listener),
      deserialize: (message) => ("e" in message ? { ...message, e: refusal(message.e) } : message),
      timeout: -1,
    },
  );
  child.on("exit", () =>
    keys.$close(new AnamnesisError("INTERNAL", "The process that makes keys ended")),
  );
  return {
    make: (person) => keys.make(person),
    affiliate: (person) => keys.affiliate(person),
    keep: (folder, trustFile, certificate) => keys.keep(folder, trustFile, certificate),
    drop: (folder) => keys.drop(folder),
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}

const refusal = ({ code, message }: { code: ErrorCode; message: string }): AnamnesisError =>
  new AnamnesisError(code, message);
