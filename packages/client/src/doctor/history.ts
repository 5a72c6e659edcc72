import { AnamnesisError } from "@anamnesis/protocol";
import type { OpeningAction } from "@anamnesis/protocol";
import type { RecordSummary } from "../model.ts";
import type { OpenedForHistory, ReadHistory } from "../readHistory.ts";
import type { Session } from "../session.ts";
import { resolvePatient } from "./addressBook.ts";
import { listAuthored } from "./authoredRecords.ts";
import { listReadable } from "./grants.ts";
import { openMany } from "./openGranted.ts";

/**
 * One history of a patient out of everything that this doctor may read: what live grants open, and what they wrote. Every
 * record is opened, and leaves an entry that the patient sees.
 *
 * @param input.for - A name in the address book, else an identifier asked of the registry.
 * @param input.action - What is announced: `copy` for a history that is kept in a file. Default: read.
 * @throws {AnamnesisError} NO_ACCESS where nothing of this patient can be read; AMBIGUOUS_NAME, NOT_FOUND.
 */
export async function historyOf(
  session: Session,
  input: { readonly for: string; readonly action?: OpeningAction },
): Promise<ReadHistory> {
  const { fingerprint } = await resolvePatient(session, input.for);
  const readable = [...(await listReadable(session)), ...(await listAuthored(session))];
  const records = new Map(
    readable
      .filter(({ patient }) => patient?.fingerprint === fingerprint)
      .map((record) => [record.id, record]),
  );
  if (records.size === 0)
    throw new AnamnesisError(
      "NO_ACCESS",
      "No grant at hand opens a record of this patient, want one (access request)",
    );
  const { readHistory } = await import("../readHistory.ts");
  return readHistory(openings(session, records, input.action ?? "read"));
}

async function* openings(
  session: Session,
  records: ReadonlyMap<string, RecordSummary>,
  action: OpeningAction,
): AsyncGenerator<OpenedForHistory> {
  for await (const one of openMany(session, [...records.keys()], { action })) {
    const record = records.get(one.name) as RecordSummary;
    yield "error" in one ? { record, error: one.error } : { record, opened: one.opened };
  }
}
