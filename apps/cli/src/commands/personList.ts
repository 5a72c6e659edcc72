import { readdir } from "node:fs/promises";
import { openDevice } from "@anamnesis/client";
import { deviceDir, places } from "@anamnesis/client/folder";
import { AnamnesisError } from "@anamnesis/protocol";
import type { CommandModule } from "../commandTable.ts";
import { passphraseOf } from "../passphrase.ts";
import { table } from "../table.ts";

interface Listed {
  readonly name: string;
  /** Absent where the passphrase does not open the device. */
  readonly role?: string;
  readonly institution?: string;
}

export const { define, run }: CommandModule = {
  define: (command) => {
    command.description(
      "Lists the people whose devices lie in this folder; role and institution of those that open without a passphrase or under the one given.",
    );
  },
  run: async (options) => {
    const passphrase = await passphraseOf(options);
    const { devices, device } = places(options.dir);
    const people: Listed[] = [];
    for (const name of (await readdir(devices)).toSorted())
      people.push({ name, ...(await identityOf(device(name), passphrase)) });
    return {
      json: { people },
      lines: table(
        ["NAME", "ROLE", "INSTITUTION"],
        people.map(({ name, role = "locked", institution = "" }) => [name, role, institution]),
      ),
    };
  },
};

async function identityOf(
  folder: string,
  passphrase: string | undefined,
): Promise<Omit<Listed, "name">> {
  try {
    const { role, institution } = await openDevice(deviceDir(folder), { passphrase });
    return { role, institution };
  } catch (error) {
    const isLocked =
      error instanceof AnamnesisError &&
      (error.code === "PASSPHRASE_REQUIRED" || error.code === "PASSPHRASE_WRONG");
    if (isLocked) return {};
    throw error;
  }
}
