import { collect } from "@anamnesis/client";
import { compareContents } from "@anamnesis/client/compare";
import type { ContentComparison } from "@anamnesis/client/compare";
import type { RecordSummary, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { parseRecordId } from "../parseOptions.ts";
import { table, timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "A record's versions: who wrote each, when, and whether the patient confirmed it. Comparing opens two of them, which leaves an entry that the patient sees.",
      )
      .argument("<id>", "the record's id")
      .requiredOption("--as <person>", "who reads")
      .option("--compare <a..b>", "two versions side by side, such as 1..2");
  },
  run: async (options, args) => {
    const id = parseRecordId(String(args[0])).split("@", 1)[0] ?? "";
    const pair = options["compare"] === undefined ? undefined : parsePair(options["compare"]);
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    await (session.device.role === "patient" ? patient : doctor).receive(session);
    const record = await recordOf(session, id);
    const { versions } = record;
    const compared = pair === undefined ? undefined : await compare(session, id, pair);
    return {
      json: { record, versions, ...(compared !== undefined && { compared }) },
      lines: [
        ...table(
          ["VERSION", "WRITTEN", "STATE", "AUTHOR", "INSTITUTION"],
          versions.map(({ n, time, state, author }) => [
            String(n),
            timeText(time),
            state,
            author.name,
            author.institution,
          ]),
        ),
        ...(compared === undefined ? [] : linesOf(compared)),
      ],
    };
  },
};

type Pair = readonly [number, number];

function parsePair(text: unknown): Pair {
  const match = /^([1-9]\d{0,5})\.\.([1-9]\d{0,5})$/.exec(String(text));
  if (match === null)
    throw new AnamnesisError("USAGE", "Want two versions to compare, for example --compare 1..2");
  return [Number(match[1]), Number(match[2])];
}

async function recordOf(session: Session, id: string): Promise<RecordSummary> {
  const lists =
    session.device.role === "patient"
      ? [await patient.listRecords(session)]
      : [await doctor.listAuthored(session), await doctor.listReadable(session)];
  const found = lists.flat().find((record) => record.id === id);
  if (found === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no such record that this person can read");
  return found;
}

/** One after the other, so that the second opens under what the first has made sure of. */
async function compare(
  session: Session,
  id: string,
  [before, after]: Pair,
): Promise<ContentComparison & { readonly before: number; readonly after: number }> {
  const { openRecord } = session.device.role === "patient" ? patient : doctor;
  const old = await collect(await openRecord(session, `${id}@${before}`));
  const now = await collect(await openRecord(session, `${id}@${after}`));
  return { before, after, ...compareContents(old.content, now.content) };
}

function linesOf({
  before,
  after,
  identical,
  resources,
}: Awaited<ReturnType<typeof compare>>): string[] {
  const between = `between version ${before} and version ${after}`;
  if (identical) return [`Nothing differs ${between}`];
  if (resources === undefined) return [`The bytes differ ${between}; they are not FHIR`];
  if (resources.length === 0) return [`No resource differs ${between}`];
  return resources.map(
    ({ what, resourceType, reference, name }) =>
      `${what.padEnd(7)}  ${resourceType}  ${name ?? ""}  ${reference}`,
  );
}
