import { receive, revoke } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import { parseId } from "../parseOptions.ts";
import type { GrantSummary } from "@anamnesis/client";

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
    const isOver = grant.status !== "stopped" && grant.status !== "revoking";
    return {
      json: { grant },
      lines: linesOf(grant),
      ...(isOver
        ? {}
        : { next: commandLine(options, "access", "revoke", id, "--as", session.device.name) }),
    };
  },
};

function linesOf({ status, receipts }: GrantSummary): string[] {
  const { length: count } = receipts;
  switch (status) {
    case "stopped":
      return [
        `Stopped at ${count} proxies: too few are left to open anything`,
        "The log does not prove the revocation yet",
      ];
    case "revoking":
      return [
        "Sent, not yet confirmed: no proof that the log holds the revocation",
        `${count} proxies signed that they erased their shares; the others may still serve the reader`,
      ];
    default:
      return [`Revoked; ${count} proxies signed that they erased their shares`];
  }
}
