import { Argument } from "commander";
import type { CommandModule } from "../commandTable.ts";
import { completionScript, shells } from "../completionScripts.ts";
import type { Shell } from "../completionScripts.ts";
import { completionsOf } from "../completions.ts";
import { wholeProgram } from "../program.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Writes a script that completes commands, options, files and the names of devices. Keep it where the shell reads such scripts, see docs/operating/cli.md.",
      )
      .addArgument(new Argument("<shell>", "for which shell").choices(shells));
  },
  run: async (_options, args) => {
    const lines = completionScript(args[0] as Shell, completionsOf(await wholeProgram()));
    return { json: { script: `${lines.join("\n")}\n` }, lines };
  },
};
