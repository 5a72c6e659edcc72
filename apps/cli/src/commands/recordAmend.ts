import { amendRecord, receive } from "@anamnesis/client/doctor";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { fileSource } from "../fileSource.ts";
import { commandLine } from "../nextStep.ts";
import { parseRecordId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Writes a new version of a record that the doctor wrote. It is unconfirmed until the patient confirms it.",
      )
      .argument("<id>", "the record's id")
      .argument("<file>", "the new version: FHIR R4 JSON, or with --whole any file")
      .requiredOption("--as <doctor>", "who amends")
      .option("--whole", "take the file as it is, byte for byte");
  },
  run: async (options, args) => {
    const record = parseRecordId(String(args[0]));
    const source = await fileSource(String(args[1]));
    const session = await actingAs(options, String(options["as"]), ["doctor"]);
    await receive(session);
    const whole = options["whole"] === true;
    const amended = await amendRecord(session, { ...source, record, whole });
    return {
      json: { record: amended },
      lines: [`A new version of ${amended.id}, not yet confirmed: ${amended.title}`],
      next: commandLine(options, "record", "history", amended.id, "--as", session.device.name),
    };
  },
};
