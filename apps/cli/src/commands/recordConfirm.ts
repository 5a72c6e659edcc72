import { confirm, receive } from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { parseRecordId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Fetches, verifies and opens records, then confirms them.")
      .argument("[id...]", "the records' ids")
      .requiredOption("--as <patient>", "whose records they are")
      .option("--all", "every record that is not confirmed yet");
  },
  run: async (options, args) => {
    const ids = (args[0] as readonly string[] | undefined) ?? [];
    const all = options["all"] === true;
    if (all === ids.length > 0)
      throw new AnamnesisError("USAGE", "Name the records to confirm, or --all");
    for (const id of ids) parseRecordId(id);
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const { confirmed, sent, failed } = await confirm(session, all ? { all: true } : { ids });
    return {
      json: { confirmed, sent, failed, records: confirmed.map((id) => ({ id })) },
      lines: [
        `${confirmed.length} confirmed`,
        ...sent.map((id) => `${id} sent, not yet confirmed: no proof that the chain holds it`),
        ...failed.map(({ id, code, message }) => `${id} not confirmed: ${code}: ${message}`),
      ],
      ...(failed.length + sent.length === 0 ? {} : { exitCode: 5 }),
    };
  },
};
