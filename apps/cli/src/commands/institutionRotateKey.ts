import type { CommandModule } from "../commandTable.ts";
import { changeMember, institutionId } from "../memberChange.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Puts another key in place of the one with which an institution vouches for its registrar, and signs. Nothing holds under the old one any more. For institutions that run no node: third parties and research institutes.",
      )
      .argument("<id>", "the institution's id")
      .option("--lost", "the key is lost or stolen: the authorities sign in its place", false);
  },
  run: async (options, args) => {
    const id = institutionId(args[0]);
    const lost = options["lost"] === true;
    await changeMember(options, { what: "rotate-key", id, lost });
    return {
      json: { institution: { id, rotatedBy: lost ? "voters" : "institution" } },
      lines: [`${id} has another key`],
    };
  },
};
