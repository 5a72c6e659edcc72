import { fork } from "node:child_process";
import { join } from "node:path";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Credential, ErrorCode } from "@anamnesis/protocol";
import type { KeysCall, NewPerson } from "./keysMain.ts";

/** The child process that makes new persons' devices, seen from the one that enrols them. */
export interface KeysProcess {
  /** @returns the certificate request to attest. @throws {AnamnesisError} DEVICE_EXISTS */
  make(person: NewPerson): Promise<Uint8Array>;
  /** @returns the certificate's fingerprint. */
  keep(
    folder: string,
    trustFile: string,
    certificate: { readonly sealed: Uint8Array } | { readonly credential: Credential },
  ): Promise<string>;
  /** Removes a device that was made here and got no certificate. */
  drop(folder: string): Promise<void>;
  end(): void;
}

type Distribute<T> = T extends unknown ? Omit<T, "id"> : never;
type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

/** Starts the child. It ends with {@link KeysProcess.end}, or with this process. */
export function spawnKeys(): KeysProcess {
  const child = fork(join(import.meta.dirname, "keysMain.ts"), [], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
    execArgv: [],
  });
  const waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  let count = 0;
  child.on("message", (reply: Reply) => {
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) asked?.resolve(reply.value);
    else asked?.reject(new AnamnesisError(reply.code as ErrorCode, reply.message));
  });
  child.on("exit", () => {
    for (const { reject } of waiting.values())
      reject(new AnamnesisError("INTERNAL", "The process that makes keys ended"));
    waiting.clear();
  });
  const ask = (call: Distribute<KeysCall>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = ++count;
      waiting.set(id, { resolve, reject });
      child.send({ id, ...call } as KeysCall);
    });
  return {
    make: async (person) => (await ask({ verb: "make", person })) as Uint8Array,
    keep: async (folder, trustFile, certificate) =>
      (await ask({ verb: "keep", folder, trustFile, certificate })) as string,
    drop: async (folder) => {
      await ask({ verb: "drop", folder });
    },
    end: () => {
      if (child.connected) child.disconnect();
    },
  };
}
