import { importFile, receive } from "@anamnesis/client/doctor";
import type { ImportedRecord, ImportSubject } from "@anamnesis/client/doctor";
import { AnamnesisError } from "@anamnesis/protocol";
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
        "Writes a file's records for a patient: a Bundle gives one record per encounter and category, any other file one. What was written before is left alone, and becomes a new version where it changed.",
      )
      .argument(
        "<file...>",
        "FHIR R4 JSON, or with --whole any file; several are parts of one export: pages, or NDJSON",
      )
      .requiredOption("--by <doctor>", "who writes")
      .requiredOption(
        "--for <patient>",
        "a name in the doctor's address book, else an identifier the registry knows",
      )
      .option(
        "--despite <reason>",
        "why the file is this patient's although it names another person",
      )
      .option("--partial", "take search results although pages of them are missing")
      .option("--whole", "take the file as it is, byte for byte")
      .option("--category <category>", "the record's category")
      .option("--sensitive", "whatever the file says of itself, its records are sensitive");
  },
  run: async (options, args) => {
    const [source, ...more] = await Promise.all((args[0] as readonly string[]).map(fileSource));
    if (source === undefined) throw new AnamnesisError("USAGE", "Name the file to import");
    const patient = String(options["for"]);
    const session = await actingAs(options, String(options["by"]), ["doctor"]);
    const say = progress(options.json);
    await receive(session);
    const attendance = keepAttended(options, patient);
    let about: ImportSubject | undefined;
    try {
      const records = await importFile(session, {
        ...source,
        more,
        ...(options["despite"] === undefined ? {} : { despite: String(options["despite"]) }),
        onSubject: (told) => {
          about = told;
        },
        partial: options["partial"] === true,
        for: patient,
        whole: options["whole"] === true,
        ...(options["sensitive"] === true ? { sensitive: true } : {}),
        ...(options["category"] === undefined ? {} : { category: String(options["category"]) }),
        onProgress: (done, total) => say(`${done} of ${total} records sealed and stored`),
      });
      return {
        json: { records, counts: countsOf(records), subject: about?.subject, whose: about?.whose },
        lines: [
          ...subjectLines(about),
          ...table(
            ["ID", "OUTCOME", "CATEGORY", "TITLE"],
            records.map(({ id, outcome, category, title }) => [id, outcome, category, title]),
          ),
          sentence(countsOf(records)),
        ],
        next: commandLine(options, "record", "confirm", "--all", "--as", patient),
      };
    } finally {
      await attendance.end();
    }
  },
};

interface Counts {
  readonly new: number;
  readonly version: number;
  readonly unchanged: number;
}

function countsOf(records: readonly ImportedRecord[]): Counts {
  const count = (wanted: ImportedRecord["outcome"]): number =>
    records.filter(({ outcome }) => outcome === wanted).length;
  return { new: count("new"), version: count("version"), unchanged: count("unchanged") };
}

const sentence = ({ new: fresh, version, unchanged }: Counts): string =>
  `${fresh} new, ${version} changed (a new version each), ${unchanged} unchanged`;

/** Whom the file names, and whether anything says that it is the patient. */
function subjectLines(about: ImportSubject | undefined): string[] {
  if (about === undefined) return [];
  const { subject, whose } = about;
  if (subject === undefined)
    return ["The file names no patient: nothing says that it is about this one"];
  const named = [
    subject.names[0] ?? "no name",
    subject.birthDate ?? "no birth date",
    ...subject.identifiers.map(({ value }) => value),
  ].join(", ");
  switch (whose.verdict) {
    case "agreement":
      return [`Patient in the file: ${named}; it agrees with what is known of this patient`];
    case "noEvidence":
      return [`Patient in the file: ${named}; nothing says that it is this patient, so look`];
    case "conflict":
      return [
        `Patient in the file: ${named}; another than is known of this patient, taken with a reason`,
      ];
  }
}
