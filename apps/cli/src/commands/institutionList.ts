import { listInstitutions } from "@anamnesis/client";
import type { CommandModule } from "../commandTable.ts";
import { directoryOf } from "../directory.ts";
import { table } from "../table.ts";

export const { define, run }: CommandModule = {
  define: () => undefined,
  run: async (options) => {
    const found = await listInstitutions(await directoryOf(options));
    const institutions = found.map(({ id, name, level, power, suspended }) => ({
      id,
      name,
      level,
      votes: power > 0 && !suspended,
      suspended,
    }));
    return {
      json: { institutions },
      lines: table(
        ["ID", "NAME", "KIND", "STATE"],
        institutions.map(({ id, name, level, votes, suspended }) => [
          id,
          name,
          level,
          suspended ? "suspended" : votes ? "votes" : "no vote",
        ]),
      ),
    };
  },
};
