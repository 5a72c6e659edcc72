import type { LogEntry } from "@anamnesis/client";

/** Kinds of entries as the filter groups them. */
export const logGroups = ["opened", "asked", "decided", "denied"] as const;
export type LogGroup = (typeof logGroups)[number];

export function groupOf(entry: LogEntry): LogGroup {
  switch (entry.what) {
    case "opened":
    case "reread":
      return "opened";
    case "asked":
    case "lookedUp":
      return "asked";
    case "granted":
    case "refused":
    case "revoked":
      return "decided";
    case "denied":
      return "denied";
  }
}

export interface LogFilter {
  readonly group: string;
  /** A fingerprint; empty: everyone. */
  readonly who: string;
}

export const filterLog = (log: readonly LogEntry[], filter: LogFilter): readonly LogEntry[] =>
  log.filter(
    (entry) =>
      (filter.group === "" || groupOf(entry) === filter.group) &&
      (filter.who === "" || entry.who.fingerprint === filter.who),
  );
