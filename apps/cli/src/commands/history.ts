import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import type { ReadHistory, Session } from "@anamnesis/client";
import { writeJson } from "@anamnesis/fhir";
import { ips, tellHistory } from "@anamnesis/fhir/history";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { failedLines, historyLines } from "../historyLines.ts";
import { writeText } from "../openedFile.ts";
import type { CommandOptions } from "../options.ts";
import type { CommandResult } from "../output.ts";
import { productVersion } from "../productVersion.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "One history out of every record that a person may read: problems, medicines, allergies, immunizations, results and visits, each once with all who say it. Every opening leaves an entry that the patient sees.",
      )
      .requiredOption("--as <person>", "who reads: the patient, or a doctor")
      .option("--for <patient>", "whose history, for a doctor: a name known here, or an identifier")
      .option("--ips", "an International Patient Summary (FHIR document), compiled by a machine")
      .option("--out <file>", "where it goes; a doctor needs a grant of the action copy");
  },
  run: async (options) => {
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    const read = await historyFor(session, options);
    const lines = historyLines(read);
    const summary =
      options["ips"] === true
        ? ips(read.history, {
            timestamp: new Date(session.clock()).toISOString(),
            softwareVersion: productVersion,
          })
        : undefined;
    const failed = { failed: read.failed };
    const exit = read.failed.length === 0 ? {} : { exitCode: 5 };
    if (options["out"] === undefined && summary === undefined)
      return {
        json: { history: { ...tellHistory(read.history), mayBeMore: true }, ...failed },
        lines,
        ...exit,
      };
    const text = summary === undefined ? `${lines.join("\n")}\n` : writeJson(summary);
    const { json, lines: said } = await delivered(text, options);
    return { json: { ...json, ...failed }, lines: [...said, ...failedLines(read)], ...exit };
  },
};

async function historyFor(session: Session, options: CommandOptions): Promise<ReadHistory> {
  const who = options["for"] === undefined ? undefined : String(options["for"]);
  if (session.device.role === "patient") {
    if (who !== undefined)
      throw new AnamnesisError("USAGE", "A patient's history is their own, want no --for");
    await patient.receive(session);
    return patient.ownHistory(session);
  }
  if (who === undefined) throw new AnamnesisError("USAGE", "Whose history? Name them with --for");
  await doctor.receive(session);
  const action = options["out"] === undefined ? "read" : "copy";
  return doctor.historyOf(session, { for: who, action });
}

async function delivered(text: string, options: CommandOptions): Promise<CommandResult> {
  if (options["out"] === undefined) return { json: { document: text }, lines: [text] };
  const file = String(options["out"]);
  const bytes = await writeText(file, text);
  return { json: { out: file, bytes }, lines: [`${bytes} bytes written to ${file}`] };
}
