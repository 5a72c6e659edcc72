import { receive, revoke } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import { parseId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Takes a grant back. What was read before cannot be unread.")
      .argument("<grant>", "the grant's id")
      .requiredOption("--as <patient>", "who revokes");
  },
  run: async (options, args) => {
    const id = parseId(String(args[0]), "grant");
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const grant = await revoke(session, id);
    return {
      json: { grant },
      lines:
        grant.status === "stopped"
          ? [
              `Stopped at ${grant.receipts.length} proxies: too few are left to open anything`,
              "The log does not say so yet: its node does not take the revocation",
            ]
          : [`Revoked; ${grant.receipts.length} proxies signed that they erased their shares`],
      ...(grant.status === "stopped"
        ? { next: commandLine(options, "access", "revoke", id, "--as", session.device.name) }
        : {}),
    };
  },
};
