import { dispute, receive } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { parseRecordId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Disputes a record's newest version; the reason goes, sealed, to its author.")
      .argument("<id>", "the record's id")
      .requiredOption("--as <patient>", "whose record it is")
      .requiredOption("--reason <text>", "what is wrong with it");
  },
  run: async (options, args) => {
    const id = parseRecordId(String(args[0]));
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const slip = await dispute(session, { id, reason: String(options["reason"]) });
    return {
      json: { dispute: { record: id, slip } },
      lines: ["Disputed; the author gets the reason"],
    };
  },
};
