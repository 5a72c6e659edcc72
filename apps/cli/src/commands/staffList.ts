import { listStaff } from "@anamnesis/client";
import type { CommandModule } from "../commandTable.ts";
import { directoryOf } from "../directory.ts";
import { institutionId } from "../memberChange.ts";
import { table } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Lists staff and their certificates as the consortium has them: one line for each certificate.",
      )
      .option("--at <institution>", "of this institution alone")
      .option("--name <name>", "who bears exactly this name");
  },
  run: async (options) => {
    const { at, name } = options;
    const by = {
      ...(at === undefined ? {} : { institution: institutionId(at) }),
      ...(name === undefined ? {} : { name: String(name) }),
    };
    const staff = await listStaff(await directoryOf(options), by, Date.now());
    return {
      json: { staff },
      lines: table(
        ["NAME", "ROLE", "INSTITUTION", "STATE", "FINGERPRINT"],
        staff.map((one) => [
          one.name,
          one.role,
          one.institution,
          one.standing,
          one.fingerprint.slice(0, 16),
        ]),
      ),
    };
  },
};
