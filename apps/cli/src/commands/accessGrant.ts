import { grant, receive } from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import {
  parseActions,
  parseCategories,
  parseEnd,
  parseId,
  parsePurpose,
  parseRecords,
} from "../parseOptions.ts";
import { timeText } from "../table.ts";
import type { GrantSummary } from "@anamnesis/client";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Grants a request, or access to a doctor who did not ask; without a choice, to every record.",
      )
      .requiredOption("--as <patient>", "whose records they are")
      .option("--request <id>", "the request to grant")
      .option("--to <doctor>", "the doctor: NAME or NAME@INSTITUTION")
      .option("--categories <a,b>", "categories to share")
      .option("--records <ids>", "records to share")
      .option("--sensitive", "sensitive records, too")
      .option(
        "--actions <actions>",
        "read, or read,copy to keep files (default: as asked, else read)",
      )
      .option("--purpose <purpose>", "why (HL7 v3 ActReason; default TREAT)")
      .option("--days <n>", "for how many days")
      .option("--until <time>", "until when, ISO 8601 (default: as asked, else 30 days)");
  },
  run: async (options) => {
    const { request, to } = options as { request?: string; to?: string };
    if ((request === undefined) === (to === undefined)) {
      throw new AnamnesisError("USAGE", "Say either --request ID or --to DOCTOR");
    }
    if (request !== undefined) parseId(request, "request");
    const until = parseEnd({ days: options["days"], until: options["until"] }, Date.now());
    const categories = parseCategories(options["categories"]);
    const actions = parseActions(options["actions"]);
    const records = parseRecords(options["records"]);
    const purpose = parsePurpose(options["purpose"]);
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const given = await grant(session, {
      ...(request === undefined ? {} : { request }),
      ...(to === undefined ? {} : { to }),
      ...(categories === undefined ? {} : { categories }),
      ...(records === undefined ? {} : { records }),
      ...(actions === undefined ? {} : { actions }),
      ...(options["sensitive"] === true ? { sensitive: true } : {}),
      ...(purpose === undefined ? {} : { purpose }),
      ...(until === undefined ? {} : { until }),
    });
    return {
      json: { grant: given },
      lines: linesOf(given),
      next: commandLine(options, "record", "list", "--as", given.party.name),
    };
  },
};

function linesOf(given: GrantSummary): string[] {
  const { status, party, actions, categories, until, id, waitsFor } = given;
  const what = `${actions.join(" and ")} ${categories.join(", ")} until ${timeText(until)}: ${id}`;
  return [
    status === "granting"
      ? `Sent, not yet confirmed: ${party.name} is to ${what}`
      : `${party.name} may ${what}`,
    ...(waitsFor === undefined
      ? []
      : [`${waitsFor} does not answer: the message to ${party.name} is kept here and sent later`]),
  ];
}
