import { receive, requestAccess } from "@anamnesis/client/doctor";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import {
  parseActions,
  parseCategories,
  parseEnd,
  parsePurpose,
  parseRecords,
} from "../parseOptions.ts";
import { timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Asks a patient for access; without a choice, to every record.")
      .requiredOption("--as <doctor>", "who asks")
      .requiredOption(
        "--for <patient>",
        "a name in the doctor's address book, else an identifier the registry knows",
      )
      .option("--categories <a,b>", "categories asked for")
      .option("--records <ids>", "records asked for")
      .option("--sensitive", "sensitive records, too")
      .option("--actions <actions>", "read, or read,copy to keep files (default: read)")
      .option("--purpose <purpose>", "why (HL7 v3 ActReason)", "TREAT")
      .option("--days <n>", "for how many days")
      .option("--until <time>", "until when, ISO 8601")
      .option("--text <text>", "a word to the patient");
  },
  run: async (options) => {
    const until = parseEnd({ days: options["days"], until: options["until"] }, Date.now());
    if (until === undefined)
      throw new AnamnesisError("USAGE", "A request has an end, want --days or --until");
    const categories = parseCategories(options["categories"]);
    const actions = parseActions(options["actions"]);
    const records = parseRecords(options["records"]);
    const purpose = parsePurpose(options["purpose"]) ?? "TREAT";
    const session = await actingAs(options, String(options["as"]), ["doctor"]);
    await receive(session);
    const request = await requestAccess(session, {
      for: String(options["for"]),
      purpose,
      until,
      ...(categories === undefined ? {} : { categories }),
      ...(records === undefined ? {} : { records }),
      ...(actions === undefined ? {} : { actions }),
      ...(options["sensitive"] === true ? { sensitive: true } : {}),
      ...(options["text"] === undefined ? {} : { text: String(options["text"]) }),
    });
    return {
      json: { request },
      lines: [
        `Asked ${request.party.name} until ${timeText(request.until)}: ${request.id}`,
        ...(request.waitsFor === undefined
          ? []
          : [`${request.waitsFor} does not answer: the message is kept here and sent later`]),
      ],
      next: commandLine(options, "access", "grant", "--as", "PATIENT", "--request", request.id),
    };
  },
};
