import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { collect } from "@anamnesis/client";
import type { Session } from "@anamnesis/client";
import { AnamnesisError } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { openSeveral } from "../openSeveral.ts";
import { writeOpened } from "../openedFile.ts";
import type { CommandOptions } from "../options.ts";
import type { CommandResult } from "../output.ts";
import { tellPassed } from "../passedVaults.ts";
import { parseRecordId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Opens records: the exact bytes that were written. Every opening leaves an entry that the patient sees.",
      )
      .argument("[id...]", "the records' ids, or ID@n for an older version")
      .requiredOption("--as <person>", "who opens")
      .option("--all", "every record that this person may read")
      .option(
        "--out <path>",
        "a file for the bytes of one record, a folder for several, each named by its id (default: standard output; in the answer under --json). A doctor needs a grant of the action copy",
      );
  },
  run: async (options, args) => {
    const named = [...new Set((args[0] as readonly string[]).map(parseRecordId))];
    const [id, ...others] = named;
    const isAll = options["all"] === true;
    if (isAll === (id !== undefined))
      throw new AnamnesisError("USAGE", "Name records, or say --all");
    const out = options["out"] === undefined ? undefined : String(options["out"]);
    const isOne = id !== undefined && others.length === 0;
    if (!isOne && out === undefined)
      throw new AnamnesisError("USAGE", "Several records need a folder: --out FOLDER");
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    await (session.device.role === "patient" ? patient : doctor).receive(session);
    if (isOne) return openOne(session, id, options);
    const ids = isAll ? await everyId(session) : named;
    return openSeveral(session, ids, { folder: out ?? "", options });
  },
};

async function everyId(session: Session): Promise<readonly string[]> {
  const lists =
    session.device.role === "patient"
      ? [await patient.listRecords(session)]
      : [await doctor.listReadable(session), await doctor.listAuthored(session)];
  return [...new Set(lists.flat().map((record) => record.id))];
}

/** What goes into a file is a copy, and is announced as one. */
const actionFor = (options: CommandOptions): "read" | "copy" =>
  options["out"] === undefined ? "read" : "copy";

async function openOne(
  session: Session,
  id: string,
  options: CommandOptions,
): Promise<CommandResult | undefined> {
  const opened =
    session.device.role === "patient"
      ? await patient.openRecord(session, id)
      : await doctor.openRecord(session, id, { action: actionFor(options) });
  const { version, passedVaults } = opened;
  const record = { ...opened.record, confirmed: version.state === "confirmed" };
  if (options["out"] !== undefined) {
    const file = String(options["out"]);
    const { meta, bytes } = await writeOpened(opened, file);
    tellPassed(options, opened);
    return {
      json: { record, version, meta, bytes, passedVaults, out: file },
      lines: [`${bytes} bytes written to ${file} (${version.state})`],
    };
  }
  const { meta, content } = await collect(opened);
  tellPassed(options, opened);
  if (options.json === true) {
    const base64 = Buffer.from(content).toString("base64");
    const bytes = content.length;
    return {
      json: { record, version, meta, bytes, passedVaults, content: base64 },
      lines: [],
    };
  }
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(content, (error) => (error instanceof Error ? reject(error) : resolve()));
  });
  return undefined;
}
