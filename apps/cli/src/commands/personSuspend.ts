import { AnamnesisError } from "@anamnesis/protocol";
import type { CommandModule } from "../commandTable.ts";
import type { OptionValue } from "../options.ts";
import { suspendPerson } from "../suspension.ts";
import { timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Suspends a certificate for a while, a day at most: it signs nothing, opens nothing and opens no visit until then. Not a revocation; what was signed before counts.",
      )
      .argument("<who>", "a name among the institution's staff, or a certificate's fingerprint")
      .requiredOption("--at <institution>", "whose certificate it is")
      .option("--hours <n>", "for how long, at most 24", "24")
      .option("--by-voters", "by the authorities, not by the institution itself");
  },
  run: async (options, args) => {
    const until = Date.now() + hoursOf(options["hours"]) * 3_600_000 - 1_000;
    const fingerprint = await suspendPerson(options, String(args[0]), until);
    return {
      json: { suspended: { fingerprint, until } },
      lines: [`Suspended until ${timeText(until)}`],
    };
  },
};

/** @throws {AnamnesisError} USAGE */
function hoursOf(text: OptionValue): number {
  const hours = Number(text);
  if (/^\d+(?:\.\d+)?$/.test(String(text)) && hours > 0 && hours <= 24) return hours;
  throw new AnamnesisError("USAGE", `'${String(text)}' is not more than 0 and at most 24 hours`);
}
