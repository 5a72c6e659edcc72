import { acceptPerson } from "@anamnesis/client/person";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { parseId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Accepts a person whose key was refused (KEY_CHANGED). Ask them for their fingerprint first, face to face or by telephone.",
      )
      .argument("<fingerprint>", "of their certificate, 64 hex digits")
      .requiredOption("--as <name>", "whose device it is");
  },
  run: async (options, args) => {
    const fingerprint = parseId(String(args[0]), "certificate");
    await acceptPerson(await actingAs(options, String(options["as"])), fingerprint);
    return {
      json: { accepted: fingerprint },
      lines: [`${fingerprint.slice(0, 16)}… is accepted from now on`],
    };
  },
};
