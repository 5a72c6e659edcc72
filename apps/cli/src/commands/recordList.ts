import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { lastFirst } from "@anamnesis/client";
import type { RecordSummary, Session } from "@anamnesis/client";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { disputeLines } from "../disputeLines.ts";
import { commandLine } from "../nextStep.ts";
import { table, timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "A patient's own records; for a doctor, what grants open and what they wrote. What happened last comes first.",
      )
      .requiredOption("--as <person>", "who reads");
  },
  run: async (options) => {
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    const records = await recordsOf(session);
    return {
      json: {
        records: records.map((record) => ({ ...record, confirmed: record.state === "confirmed" })),
      },
      lines:
        records.length === 0
          ? ["No records"]
          : [
              ...table(
                ["ID", "HAPPENED", "CATEGORY", "STATE", "INSTITUTION", "PATIENT", "TITLE"],
                records.map((each) => [
                  each.id,
                  periodText(each),
                  each.category,
                  each.state,
                  each.institution,
                  each.patient?.name ?? session.device.name,
                  each.title ?? "",
                ]),
              ),
              ...disputeLines(records),
            ],
      ...(session.device.role === "patient" && records.some(({ state }) => state === "unconfirmed")
        ? { next: commandLine(options, "record", "confirm", "--all", "--as", session.device.name) }
        : {}),
    };
  },
};

/** When what is recorded happened, as its author wrote it; else when it was written, which is said. */
function periodText({ label, time }: RecordSummary): string {
  if (label === undefined || label.start === null) return `written ${timeText(time)}`;
  return label.end === null || label.end === label.start
    ? label.start
    : `${label.start} to ${label.end}`;
}

async function recordsOf(session: Session): Promise<readonly RecordSummary[]> {
  if (session.device.role === "patient") {
    await patient.receive(session);
    return patient.withLabels(session, await patient.listRecords(session));
  }
  await doctor.receive(session);
  const granted = await doctor.withLabels(session, await doctor.listReadable(session));
  const written = new Map(
    (await doctor.listAuthored(session)).map((record) => [record.id, record]),
  );
  const known = new Set(granted.map(({ id }) => id));
  return [
    // Only the author's own list knows why a record is disputed.
    ...granted.map((record) => ({
      ...record,
      versions: written.get(record.id)?.versions ?? record.versions,
    })),
    ...[...written.values()].filter(({ id }) => !known.has(id)),
  ].toSorted(lastFirst);
}
