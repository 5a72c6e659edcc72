import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { collect } from "@anamnesis/client";
import type { OpenRecord } from "@anamnesis/client";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { writeOpened } from "../openedFile.ts";
import type { CommandOptions } from "../options.ts";
import { warnings } from "../output.ts";
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
      process.stdout.write(content, (error) =>
        error instanceof Error ? reject(error) : resolve(),
      );
    });
    return undefined;
  },
};

/** A vault that does not give what it should hold goes not unnoticed, though another gave it. */
function tellPassed({ json }: CommandOptions, { passedVaults }: OpenRecord): void {
  for (const { institution, code } of passedVaults)
    warnings(json)(`The vault of ${institution} did not give the record (${code}); another did`);
}
