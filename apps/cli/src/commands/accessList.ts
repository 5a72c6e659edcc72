import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { commandLine } from "../nextStep.ts";
import { scopeText } from "../scopeText.ts";
import { table, timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Requests and grants: those a patient got and gave, those a doctor made and holds.",
      )
      .requiredOption("--as <person>", "whose");
  },
  run: async (options) => {
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    const face = session.device.role === "patient" ? patient : doctor;
    await face.receive(session);
    const requests = await face.listRequests(session);
    const grants = await face.listGrants(session);
    const titles = await face.labelsKnown(session);
    const open = requests.find(({ state }) => state === "open");
    return {
      json: { requests, grants },
      ...(open === undefined || session.device.role !== "patient"
        ? {}
        : {
            next: commandLine(
              options,
              "access",
              "grant",
              "--as",
              session.device.name,
              "--request",
              open.id,
            ),
          }),
      lines: table(
        ["KIND", "ID", "STATE", "WHO", "WHAT", "UNTIL"],
        [
          ...requests.map((each) => [
            "request",
            each.id,
            each.state,
            each.party.name,
            scopeText(titles, each.categories, each.records),
            timeText(each.until),
          ]),
          ...grants.map((each) => [
            "grant",
            each.id,
            each.status,
            each.party.name,
            scopeText(titles, each.categories, each.records),
            timeText(each.until),
          ]),
        ],
      ),
    };
  },
};
