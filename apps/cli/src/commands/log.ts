import { accessLog, receive } from "@anamnesis/client/patient";
import type { LogEntry, Session } from "@anamnesis/client";
import { auditBundle } from "@anamnesis/fhir/audit";
import { AnamnesisError, proxyInstitution } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import { countOf } from "../countOf.ts";
import type { CommandModule } from "../commandTable.ts";
import { logCsv } from "../logCsv.ts";
import { filterLog, parseLogFilter } from "../logFilter.ts";
import { logLine } from "../logLines.ts";
import { writeText } from "../openedFile.ts";
import { printable, printExactly } from "../output.ts";

const formats = ["lines", "csv", "fhir"] as const;
type Format = (typeof formats)[number];

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Who asked, who was allowed, who opened, and why; newest first.")
      .requiredOption("--as <patient>", "whose records they are")
      .option("--since <time>", "no earlier entries: a date (UTC) or an ISO 8601 time")
      .option("--until <time>", "no later entries: a date (UTC), which counts whole, or a time")
      .option("--who <name>", "a person's, or everybody's of an institution: NAME, INSTITUTION")
      .option("--record <id>", "entries that name this record")
      .option("--kind <a,b>", "asked, refused, granted, revoked, opened, denied, reread, lookedUp")
      .option("--format <format>", "lines, csv, or fhir: AuditEvents after IHE BALP", "lines")
      .option("--out <file>", "where it goes");
  },
  run: async (options) => {
    const filter = parseLogFilter(options);
    const format = parseFormat(String(options["format"]));
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const entries = filterLog(await accessLog(session), filter);
    const isWhole = Object.keys(filter).length === 0;
    if (options["out"] !== undefined) {
      const out = String(options["out"]);
      const bytes = await writeText(out, textOf(session, entries, format));
      return {
        json: { out, bytes, entries: entries.length },
        lines: [`${countOf(entries.length, "entry", "entries")}, ${bytes} bytes written to ${out}`],
      };
    }
    if (options.json === true || format === "lines")
      return {
        json: { entries },
        lines:
          entries.length === 0
            ? [isWhole ? "Nobody asked or looked" : "No entry is as wanted"]
            : linesOf(session, entries),
      };
    await printExactly(textOf(session, entries, format));
    return undefined;
  },
};

/** @throws {AnamnesisError} USAGE */
function parseFormat(text: string): Format {
  const found = formats.find((format) => format === text);
  if (found === undefined)
    throw new AnamnesisError(
      "USAGE",
      `Format '${text.slice(0, 80)}' is not known, want one of ${formats.join(", ")}`,
    );
  return found;
}

function textOf(session: Session, entries: readonly LogEntry[], format: Format): string {
  switch (format) {
    case "lines":
      return linesOf(session, entries)
        .map((line) => `${printable(line)}\n`)
        .join("");
    case "csv":
      return logCsv(entries);
    case "fhir": {
      const bundle = auditBundle(entries, { patient: session.device.name, time: session.clock() });
      return `${JSON.stringify(bundle)}\n`;
    }
  }
}

const linesOf = ({ trust }: Session, entries: readonly LogEntry[]): readonly string[] =>
  entries.map((entry) => logLine(entry, (index) => proxyInstitution(trust, index)));
