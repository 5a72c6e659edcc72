import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { OpenRecord, Session } from "@anamnesis/client";
import * as doctor from "@anamnesis/client/doctor";
import * as patient from "@anamnesis/client/patient";
import { countOf } from "./countOf.ts";
import { writeOpened } from "./openedFile.ts";
import type { CommandOptions } from "./options.ts";
import { describe } from "./output.ts";
import type { CommandResult } from "./output.ts";
import { tellPassed } from "./passedVaults.ts";

type Opened = Awaited<ReturnType<typeof written>>;

/** Opens records into a folder, a file each; those that fail are named, and keep nobody from the others. */
export async function openSeveral(
  session: Session,
  ids: readonly string[],
  { folder, options }: { readonly folder: string; readonly options: CommandOptions },
): Promise<CommandResult> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const records: Opened[] = [];
  const failed: { readonly id: string; readonly code: string; readonly message: string }[] = [];
  for await (const { name, open } of openings(session, ids)) {
    try {
      const opened = await open();
      records.push(await written(opened, join(folder, name)));
      tellPassed(options, opened);
    } catch (error) {
      const { code, message } = describe(error);
      if (code === "INTERNAL") throw error;
      failed.push({ id: name, code, message });
    }
  }
  const bytes = records.reduce((sum, record) => sum + record.bytes, 0);
  return {
    json: { records, failed },
    lines: [
      `${countOf(records.length, "record")}, ${bytes} bytes, written to ${folder}`,
      ...failed.map(({ id, code, message }) => `${id} not opened: ${code}: ${message}`),
    ],
    ...(failed.length === 0 ? {} : { exitCode: 5 }),
  };
}

interface Opening {
  readonly name: string;
  /** @throws why it does not open */
  readonly open: () => Promise<OpenRecord>;
}

async function* openings(session: Session, ids: readonly string[]): AsyncGenerator<Opening> {
  if (session.device.role === "patient") {
    for (const name of ids) yield { name, open: () => patient.openRecord(session, name) };
    return;
  }
  for await (const one of doctor.openMany(session, ids, { action: "copy" }))
    yield {
      name: one.name,
      open: async () => {
        if ("error" in one) throw one.error;
        return one.opened;
      },
    };
}

async function written(opened: OpenRecord, out: string) {
  const { version, passedVaults } = opened;
  const { meta, bytes } = await writeOpened(opened, out);
  const record = { ...opened.record, confirmed: version.state === "confirmed" };
  return { record, version, meta, bytes, passedVaults, out };
}
