import type { CommandModule } from "../commandTable.ts";
import { changeMember, institutionId } from "../memberChange.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Suspends an institution: on the consortium it carries nothing, does not vote, and its staff's certificates sign nothing until it is resumed. What it writes for its own patients goes on.",
      )
      .argument("<id>", "the institution's id");
  },
  run: async (options, args) => {
    const id = institutionId(args[0]);
    await changeMember(options, { what: "suspend", id });
    return { json: { institution: { id, suspended: true } }, lines: [`${id} is suspended`] };
  },
};
