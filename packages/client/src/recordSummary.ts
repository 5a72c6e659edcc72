import type { RecordView } from "@anamnesis/protocol";
import type { RecordState, RecordSummary, VersionSummary } from "./model.ts";
import { personOf } from "./people.ts";
import type { Session } from "./session.ts";

/** What a list adds to what the chain says about a record. */
export type RecordDetails = Pick<RecordSummary, "chain" | "category"> &
  Partial<Pick<RecordSummary, "sensitive" | "title" | "mediaType" | "size" | "patient" | "gid">>;

/** State of one version: a dispute weighs more than a confirmation. `digest` is hex. */
export function stateOf(
  record: {
    readonly confirmed: readonly { readonly digest: string }[];
    readonly disputed: readonly string[];
  },
  digest: string,
): RecordState {
  if (record.disputed.includes(digest)) return "disputed";
  return record.confirmed.some((version) => version.digest === digest)
    ? "confirmed"
    : "unconfirmed";
}

/** A record as lists show it, its authors by their verified certificates. */
export async function summariseRecord(
  session: Session,
  record: Omit<RecordView, "confirmed"> & {
    readonly confirmed: readonly { readonly digest: string }[];
  },
  details: RecordDetails,
): Promise<RecordSummary> {
  const versions = await Promise.all(
    record.versions.map(async ({ slip, digest, time, author }, i): Promise<VersionSummary> => ({
      n: i + 1,
      slip,
      digest,
      time,
      state: stateOf(record, digest),
      author: await personOf(session, author),
    })),
  );
  const newest = versions.at(-1);
  return {
    id: record.record,
    institution: record.institution,
    pid: record.pid,
    tag: record.tag,
    state: newest?.state ?? "unconfirmed",
    author: newest?.author ?? { fingerprint: "", name: "", role: "", institution: "" },
    time: newest?.time ?? 0,
    versions,
    ...details,
  };
}

/** When what is recorded began, by its label; where that is not known, when it was written. */
export function clinicalTime({ label, time }: Pick<RecordSummary, "label" | "time">): number {
  const start = Date.parse(label?.start ?? "");
  return Number.isNaN(start) ? time : start;
}

/** What happened last first; of one time, what was written last, then by id. */
export const lastFirst = (left: RecordSummary, right: RecordSummary): number =>
  clinicalTime(right) - clinicalTime(left) || newestFirst(left, right);

/** Newest first; of one time, by id. */
export const newestFirst = (
  left: { readonly time: number; readonly id: string },
  right: { readonly time: number; readonly id: string },
): number => right.time - left.time || (left.id < right.id ? -1 : 1);
