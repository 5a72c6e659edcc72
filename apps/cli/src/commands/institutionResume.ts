import type { CommandModule } from "../commandTable.ts";
import { changeMember, institutionId } from "../memberChange.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Lets a suspended institution and its staff act again. Their certificates count as before.",
      )
      .argument("<id>", "the institution's id");
  },
  run: async (options, args) => {
    const id = institutionId(args[0]);
    await changeMember(options, { what: "resume", id });
    return { json: { institution: { id, suspended: false } }, lines: [`${id} acts again`] };
  },
};
