import { exportProof, labelsKnown, receive } from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { places, writeAtomically } from "@anamnesis/client/folder";
import { commandLine } from "../nextStep.ts";
import { recordText } from "../scopeText.ts";
import { parseRecordId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Writes a proof that a record stands on its chain. The proof holds no content of the record.",
      )
      .argument("<id>", "the record's id")
      .requiredOption("--as <patient>", "whose record it is")
      .requiredOption("--out <file>", "where the proof goes");
  },
  run: async (options, args) => {
    const record = parseRecordId(String(args[0]));
    const file = String(options["out"]);
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const proof = await exportProof(session, record);
    const titles = await labelsKnown(session);
    await writeAtomically(file, proof);
    return {
      json: { proof: { record, out: file, bytes: proof.length } },
      lines: [
        `${proof.length} bytes written to ${file}, which prove that ${recordText(titles, record)} stands on its chain`,
      ],
      next: commandLine(options, "proof", "check", file, "--trust", places(options.dir).trust),
    };
  },
};
