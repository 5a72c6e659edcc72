import { receive, refuse } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { parseId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Refuses a request.")
      .argument("<id>", "the request's id")
      .requiredOption("--as <patient>", "who refuses");
  },
  run: async (options, args) => {
    const id = parseId(String(args[0]), "request");
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    await refuse(session, id);
    return { json: { request: { id, state: "refused" } }, lines: ["Refused"] };
  },
};
