import { importFile, receive } from "@anamnesis/client/doctor";
import { actingAs } from "../actor.ts";
import { keepAttended } from "../attendance.ts";
import type { CommandModule } from "../commandTable.ts";
import { fileSource } from "../fileSource.ts";
import { commandLine } from "../nextStep.ts";
import { progress } from "../output.ts";
import { table } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Writes a file's records for a patient: a Bundle gives one record per encounter and category, any other file one.",
      )
      .argument("<file>", "FHIR R4 JSON, or with --whole any file")
      .requiredOption("--by <doctor>", "who writes")
      .requiredOption(
        "--for <patient>",
        "a name in the doctor's address book, else an identifier the registry knows",
      )
      .option("--whole", "take the file as it is, byte for byte")
      .option("--category <category>", "the record's category")
      .option("--sensitive", "whatever the file says of itself, its records are sensitive");
  },
  run: async (options, args) => {
    const source = await fileSource(String(args[0]));
    const patient = String(options["for"]);
    const session = await actingAs(options, String(options["by"]), ["doctor"]);
    const say = progress(options.json);
    await receive(session);
    const attendance = keepAttended(options, patient);
    try {
      const records = await importFile(session, {
        ...source,
        for: patient,
        whole: options["whole"] === true,
        ...(options["sensitive"] === true ? { sensitive: true } : {}),
        ...(options["category"] === undefined ? {} : { category: String(options["category"]) }),
        onProgress: (done, total) => say(`${done} of ${total} records sealed and stored`),
      });
      return {
        json: { records },
        lines: table(
          ["ID", "CATEGORY", "TITLE"],
          records.map(({ id, category, title }) => [id, category, title]),
        ),
        next: commandLine(options, "record", "confirm", "--all", "--as", patient),
      };
    } finally {
      await attendance.end();
    }
  },
};
