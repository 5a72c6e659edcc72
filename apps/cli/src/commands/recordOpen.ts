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
      .argument("<id...>", "the records' ids, or ID@n for an older version")
      .requiredOption("--as <person>", "who opens")
      .option(
        "--out <file>",
        "where the bytes of one record go (default: standard output; in the answer under --json)",
      )
      .option("--to <folder>", "where a file for each record goes, named by its id");
  },
  run: async (options, args) => {
    const ids = [...new Set((args[0] as readonly string[]).map(parseRecordId))];
    const [id = "", ...others] = ids;
    const folder = options["to"] === undefined ? undefined : String(options["to"]);
    if (folder !== undefined && options["out"] !== undefined)
      throw new AnamnesisError("USAGE", "Name a file with --out or a folder with --to, not both");
    if (others.length > 0 && folder === undefined)
      throw new AnamnesisError("USAGE", "Several records need a folder: --to FOLDER");
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    await (session.device.role === "patient" ? patient : doctor).receive(session);
    return folder === undefined
      ? openOne(session, id, options)
      : openSeveral(session, ids, { folder, options });
  },
};

async function openOne(
  session: Session,
  id: string,
  options: CommandOptions,
): Promise<CommandResult | undefined> {
  const isPatient = session.device.role === "patient";
  const opened = await (isPatient ? patient : doctor).openRecord(session, id);
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
