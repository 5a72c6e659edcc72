import { readFile } from "node:fs/promises";
import { checkProof } from "@anamnesis/client/patient";
import { readTrust } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Checks a proof against a federation's trust file. Asks nobody: it works offline.",
      )
      .argument("<file>", "the proof")
      .requiredOption("--trust <file>", "the federation's trust.json, from a source you trust");
  },
  run: async (options, args) => {
    const trust = await readTrust(String(options["trust"]));
    const proof = checkProof(await readFile(String(args[0])), trust);
    return {
      json: { ...proof, ok: true },
      lines: [
        `Proved: record ${proof.record} stands on the chain of ${proof.institution} since ${timeText(proof.time)}`,
        `Written by ${proof.author.name}; ${proof.confirmed ? "confirmed by the patient" : "not confirmed"}`,
        `Signed by ${proof.signers.join(", ")}`,
      ],
    };
  },
};
