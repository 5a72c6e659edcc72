import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { collect } from "@anamnesis/client";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { writeOpened } from "../openedFile.ts";
import { parseRecordId } from "../parseOptions.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description(
        "Opens one record: the exact bytes that were written. Every opening leaves an entry that the patient sees.",
      )
      .argument("<id>", "the record's id, or ID@n for an older version")
      .requiredOption("--as <person>", "who opens")
      .option(
        "--out <file>",
        "where the bytes go (default: standard output; in the answer under --json)",
      );
  },
  run: async (options, args) => {
    const id = parseRecordId(String(args[0]));
    const session = await actingAs(options, String(options["as"]), ["patient", "doctor"]);
    const isPatient = session.device.role === "patient";
    await (isPatient ? patient : doctor).receive(session);
    const opened = await (isPatient ? patient : doctor).openRecord(session, id);
    const record = { ...opened.record, confirmed: opened.version.state === "confirmed" };
    if (options["out"] !== undefined) {
      const file = String(options["out"]);
      const { meta, bytes } = await writeOpened(opened, file);
      return {
        json: { record, version: opened.version, meta, bytes, out: file },
        lines: [`${bytes} bytes written to ${file} (${opened.version.state})`],
      };
    }
    const { meta, content } = await collect(opened);
    if (options.json === true) {
      const base64 = Buffer.from(content).toString("base64");
      return {
        json: { record, version: opened.version, meta, bytes: content.length, content: base64 },
        lines: [],
      };
    }
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(content, (error) =>
        error instanceof Error ? reject(error) : resolve(),
      );
    });
    return undefined;
  },
};
