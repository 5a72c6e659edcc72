import type { LogEntry } from "@anamnesis/client";
import { recordsOf } from "./logFilter.ts";
import { printable } from "./output.ts";

const columns = {
  time: ({ time }) => new Date(time).toISOString(),
  what: ({ what }) => what,
  name: ({ who }) => who.name,
  institution: ({ who }) => who.institution,
  role: ({ who }) => who.role,
  certificate: ({ who }) => who.fingerprint,
  purposes: ({ purposes }) => purposes.join(" "),
  emergency: ({ emergency }) => (emergency ? "yes" : "no"),
  categories: ({ categories }) => categories?.join(" ") ?? "*",
  origins: ({ origins }) => origins?.join(" ") ?? "*",
  records: (entry) => recordsOf(entry).join(" "),
  titles: ({ titles }) => Object.values(titles).join("; "),
  grant: (entry) => ("gid" in entry ? entry.gid : ""),
  request: (entry) => ("request" in entry ? (entry.request ?? "") : ""),
  slip: (entry) =>
    entry.what === "opened" ? entry.intent : entry.what === "reread" ? entry.slip : "",
  outcome: (entry) => (entry.what === "denied" ? entry.code : ""),
} as const satisfies Record<string, (entry: LogEntry) => string>;

/**
 * The log as CSV (RFC 4180): a head, a line an entry, each ended by CRLF; times in UTC. `*` stands for every one. Names and titles
 * are other people's words: a cell that a table would take for a formula begins with an apostrophe.
 */
export function logCsv(entries: readonly LogEntry[]): string {
  const rows = entries.map((entry) => Object.values(columns).map((cell) => cell(entry)));
  return [Object.keys(columns), ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

function quoted(cell: string): string {
  const shown = printable(cell);
  const safe = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/u.test(shown) ? `'${shown}` : shown;
  return /[",]|^\s|\s$/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
