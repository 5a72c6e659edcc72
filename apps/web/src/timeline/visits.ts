import { fhirTime } from "../i18n/dates.ts";
import type { ListedRecord } from "../worker/port.ts";

const DAY_MS = 24 * 3_600_000;

/** Records of one visit. */
export interface Visit {
  readonly pid: string;
  readonly institution: string;
  /** When it was: a FHIR date where a record says so. */
  readonly date?: string;
  /** When its newest record was added, Unix milliseconds. */
  readonly added: number;
  readonly records: readonly ListedRecord[];
}

export interface RecordFilter {
  readonly category: string;
  readonly institution: string;
  readonly state: string;
}

export const noFilter: RecordFilter = { category: "", institution: "", state: "" };

/** Records that fit; an empty value of the filter fits all. */
export const filterRecords = (
  records: readonly ListedRecord[],
  { category, institution, state }: RecordFilter,
): readonly ListedRecord[] =>
  records.filter(
    (record) =>
      (category === "" || record.category === category) &&
      (institution === "" || record.institution === institution) &&
      (state === "" || record.state === state),
  );

/** Groups records by visit, newest visit first, newest day and then kind within. */
export function groupByVisit(records: readonly ListedRecord[]): Visit[] {
  const byPid = new Map<string, ListedRecord[]>();
  for (const record of records) {
    const found = byPid.get(record.pid);
    if (found === undefined) byPid.set(record.pid, [record]);
    else found.push(record);
  }
  const visits = [...byPid].map(([pid, found]): Visit => {
    const ordered = found.toSorted(inVisit);
    const dates = found.flatMap(({ date }) => date ?? []);
    const [date] = dates.toSorted((a, b) => (fhirTime(a) ?? 0) - (fhirTime(b) ?? 0));
    return {
      pid,
      institution: ordered[0]?.institution ?? "",
      ...(date !== undefined && { date }),
      added: Math.max(...ordered.map(({ time }) => time)),
      records: ordered,
    };
  });
  return visits.toSorted((a, b) => whenOf(b) - whenOf(a) || b.added - a.added);
}

/** By the day on which they were added, newest first; what was added together by kind. */
const inVisit = (a: ListedRecord, b: ListedRecord): number =>
  Math.floor(b.time / DAY_MS) - Math.floor(a.time / DAY_MS) ||
  a.category.localeCompare(b.category) ||
  a.id.localeCompare(b.id);

const whenOf = ({ date, added }: Visit): number =>
  (date === undefined ? undefined : fhirTime(date)) ?? added;

/** The distinct values of a list in the order in which they come. */
export const distinct = (values: readonly string[]): string[] => [...new Set(values)];
