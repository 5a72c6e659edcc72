import { inParallel } from "../inParallel.ts";
import type { OpenedForHistory, ReadHistory } from "../readHistory.ts";
import type { Session } from "../session.ts";
import { isError, tried } from "../tried.ts";
import { openVersion, ownRecords } from "./records.ts";
import type { OwnRecord } from "./records.ts";

const OPENED_AT_ONCE = 4;

/** The patient's own history out of all their records. Opening one's own leaves no entry. */
export async function ownHistory(session: Session): Promise<ReadHistory> {
  const { readHistory } = await import("../readHistory.ts");
  return readHistory(openings(session, await ownRecords(session)));
}

async function* openings(
  session: Session,
  records: readonly OwnRecord[],
): AsyncGenerator<OpenedForHistory> {
  for (let start = 0; start < records.length; start += OPENED_AT_ONCE)
    yield* await inParallel(records.slice(start, start + OPENED_AT_ONCE), OPENED_AT_ONCE, (own) =>
      openNewest(session, own),
    );
}

async function openNewest(session: Session, own: OwnRecord): Promise<OpenedForHistory> {
  const { record } = own;
  const opened = await tried(() => openVersion(session, own, record.versions.at(-1)!));
  return isError(opened) ? { record, error: opened } : { record, opened };
}
