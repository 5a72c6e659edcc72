import type { LogEntry } from "@anamnesis/client";
import { AnamnesisError } from "@anamnesis/protocol";
import type { CommandOptions } from "./options.ts";
import { parseList, parseRecordId, parseTime } from "./parseOptions.ts";

/** What entries there are, as `--kind` names them. */
const kinds: Readonly<Record<LogEntry["what"], true>> = {
  asked: true,
  refused: true,
  granted: true,
  revoked: true,
  opened: true,
  denied: true,
  reread: true,
  lookedUp: true,
};

/** Which entries are wanted; what is absent does not narrow. */
export interface LogFilter {
  /** Unix milliseconds: the first that counts, and the first that does not. */
  readonly since?: number;
  readonly before?: number;
  /** In lower case: a name, an institution, `NAME@INSTITUTION` or a fingerprint. */
  readonly who?: string;
  /** A record's id. */
  readonly record?: string;
  readonly kinds?: readonly string[];
}

/** @throws {AnamnesisError} USAGE */
export function parseLogFilter(options: CommandOptions): LogFilter {
  const since = parseTime(options["since"], "first");
  const before = parseTime(options["until"], "after");
  if (since !== undefined && before !== undefined && since >= before)
    throw new AnamnesisError("USAGE", "--until lies before --since, want a later time");
  const wanted = parseList(options["kind"]);
  const unknown = wanted?.find((kind) => !Object.hasOwn(kinds, kind));
  if (unknown !== undefined)
    throw new AnamnesisError(
      "USAGE",
      `'${unknown.slice(0, 80)}' is no kind of entry, want some of ${Object.keys(kinds).join(", ")}`,
    );
  const { who, record } = options;
  return {
    ...(since === undefined ? {} : { since }),
    ...(before === undefined ? {} : { before }),
    ...(who === undefined ? {} : { who: String(who).toLowerCase() }),
    ...(record === undefined ? {} : { record: parseRecordId(String(record)).split("@")[0]! }),
    ...(wanted === undefined ? {} : { kinds: wanted }),
  };
}

export const filterLog = (entries: readonly LogEntry[], filter: LogFilter): readonly LogEntry[] =>
  entries.filter(
    (entry) =>
      entry.time >= (filter.since ?? 0) &&
      entry.time < (filter.before ?? Number.POSITIVE_INFINITY) &&
      (filter.who === undefined || namesOf(entry).includes(filter.who)) &&
      (filter.record === undefined || recordsOf(entry).includes(filter.record)) &&
      (filter.kinds === undefined || filter.kinds.includes(entry.what)),
  );

const namesOf = ({ who }: LogEntry): readonly string[] =>
  [who.name, who.institution, `${who.name}@${who.institution}`, who.fingerprint].map((name) =>
    name.toLowerCase(),
  );

/** The records that an entry names; one that covers whatever is of some kind names none. */
export function recordsOf(entry: LogEntry): readonly string[] {
  switch (entry.what) {
    case "reread":
      return [entry.record];
    case "asked":
    case "refused":
    case "granted":
    case "opened":
      return entry.records ?? [];
    case "revoked":
    case "denied":
    case "lookedUp":
      return [];
  }
}
