import type { Protection } from "@anamnesis/client";
import { readFederation } from "@anamnesis/client/folder";
import { requireProtection } from "./registrars.ts";
import { runFederation } from "./runFederation.ts";
import type { RunningFederation, RunOptions } from "./runFederation.ts";

/**
 * Starts a federation, and gives a demo federation its demo persons.
 *
 * @throws {AnamnesisError} as `runFederation`; PASSPHRASE_REQUIRED, in a new folder before anything is made
 */
export async function startWithPeople(
  options: Omit<RunOptions, "protection"> & {
    /** Seals the registrars' devices, but for those of a demo federation, where nothing is secret. */
    readonly passphrase?: string;
    /** `false`: a demo federation without the seeded persons. */
    readonly people?: boolean;
  },
): Promise<RunningFederation> {
  const known = await readFederation(options.dir);
  const protection = protectionOf(options.demo || known?.demo === true, options.passphrase);
  if (known === undefined) requireProtection(protection);
  const running = await runFederation({ ...options, protection });
  try {
    if (options.demo && options.people !== false) {
      const { addDemoPeople } = await import("./demo/people.ts");
      await addDemoPeople(running, options.say);
    }
    return running;
  } catch (error) {
    await running.stop();
    throw error;
  }
}

const protectionOf = (demo: boolean, passphrase: string | undefined): Protection | undefined =>
  demo ? { demo: true } : passphrase === undefined ? undefined : { passphrase };
