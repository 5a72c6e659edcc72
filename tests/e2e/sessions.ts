import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openDevice, openSession } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import { attend } from "@anamnesis/client/patient";
import { parseTrust } from "@anamnesis/protocol";
import type { Trust } from "@anamnesis/protocol";
import { deviceDir } from "@anamnesis/client/folder";
import { ask, temporaryFolder, up } from "./anamnesis.ts";
import type { Up } from "./anamnesis.ts";

/** Locks the devices of everybody here. */
export const passphrase = "a passphrase for tests";

/** A federation of real processes, and sessions of people enrolled in it, in this process. */
export interface People {
  readonly dir: string;
  readonly federation: Up;
  readonly trust: Trust;
  /** Enrols somebody through the command line, as their registrar would, and unlocks their device here. */
  enrol(name: string, role: "patient" | "doctor", institution: string): Promise<Session>;
  /** From now on this patient answers what comes into their boxes, until the function it gives is called. */
  attends(patient: Session): () => Promise<void>;
  close(): Promise<void>;
}

export async function startPeople(): Promise<People> {
  const folder = await temporaryFolder();
  const dir = join(folder.path, "federation");
  const env = { ANAMNESIS_PASSPHRASE: passphrase };
  const federation = await up(dir, [], env);
  const trust = parseTrust(await readFile(join(dir, "trust.json"), "utf8"));
  const attending = new Set<() => Promise<void>>();
  return {
    dir,
    federation,
    trust,
    enrol: async (name, role, institution) => {
      await ask(dir, ["person", "add", name, "--role", role, "--at", institution], env);
      const device = await openDevice(deviceDir(join(dir, "devices", name)), { passphrase });
      return openSession(device, trust);
    },
    attends: (patient) => {
      const stopping = new AbortController();
      const ended = attend(patient, { signal: stopping.signal });
      const stop = async (): Promise<void> => {
        stopping.abort();
        await ended;
        attending.delete(stop);
      };
      attending.add(stop);
      return stop;
    },
    close: async () => {
      for (const stop of attending) await stop();
      await federation.stop();
      await folder.remove();
    },
  };
}
