import type { CommandModule } from "../commandTable.ts";

import { suspendPerson } from "../suspension.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Lifts the suspension of a certificate.")
      .argument("<who>", "a name among the institution's staff, or a certificate's fingerprint")
      .requiredOption("--at <institution>", "whose certificate it is")
      .option("--by-voters", "by the authorities, not by the institution itself");
  },
  run: async (options, args) => {
    const fingerprint = await suspendPerson(options, String(args[0]), 0);
    return { json: { resumed: { fingerprint } }, lines: ["The certificate counts again"] };
  },
};
