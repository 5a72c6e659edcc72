import type { LogEntry } from "@anamnesis/client";
import { recordText, scopeText } from "./scopeText.ts";
import type { Titles } from "./scopeText.ts";
import { timeText } from "./table.ts";

/** An entry in a line: when, and a sentence. @param proxy - The institution that runs it. */
export const logLine = (entry: LogEntry, proxy: (index: number) => string): string =>
  `${timeText(entry.time)}  ${sentence(entry, proxy)}`;

function sentence(entry: LogEntry, proxy: (index: number) => string): string {
  const who =
    entry.who.institution === "" ? entry.who.name : `${entry.who.name} (${entry.who.institution})`;
  switch (entry.what) {
    case "asked":
      return `${who} asked for ${scopeText(titlesOf(entry), entry.categories, entry.records)}${why(entry)}`;
    case "refused":
      return `You refused ${who} ${scopeText(titlesOf(entry), entry.categories, entry.records)}`;
    case "granted":
      return `You allowed ${who} ${scopeText(titlesOf(entry), entry.categories, entry.records)}${whence(entry)} until ${timeText(entry.until)}${why(entry)}`;
    case "revoked":
      return `You took back what ${who} was allowed; ${entry.receipts.length} proxies erased their part`;
    case "opened":
      return `${who} ${entry.action === "copy" ? "opened to copy" : "opened"} ${opened(entry)}${whence(entry)}${why(entry)}${helpers(entry.used?.map(proxy))}`;
    case "denied":
      return entry.checked
        ? `${who} was refused by the proxy of ${proxy(entry.proxy)}: ${entry.code}`
        : `Said by the proxy of ${proxy(entry.proxy)}, not proved yet: it refused ${who}: ${entry.code}`;
    case "reread":
      return `${who} reread ${recordText(titlesOf(entry), entry.record)}, which they wrote`;
    case "lookedUp":
      return `A notice says that ${who} looked up how to reach you; it is no proof`;
  }
}

/** Where it is not known which records, of which kinds they can have been. */
function opened(entry: Extract<LogEntry, { what: "opened" }>): string {
  const titles = titlesOf(entry);
  return entry.records.length === 0
    ? `records (${scopeText(titles, entry.categories, undefined)})`
    : entry.records.map((id) => recordText(titles, id)).join(", ");
}

const titlesOf = ({ titles }: LogEntry): Titles =>
  new Map(Object.entries(titles).map(([id, title]) => [id, { title }] as const));

const whence = ({ origins }: LogEntry): string =>
  origins === undefined || origins.length === 0 ? "" : ` out of ${origins.join(", ")}`;

const why = ({ purposes, emergency }: LogEntry): string =>
  purposes.length === 0
    ? ""
    : `, purpose ${purposes.join(", ")}${emergency ? " (an emergency)" : ""}`;

/** By the reader's word: they say it when they are done. */
const helpers = (used: readonly string[] | undefined): string =>
  used === undefined ? "" : `, with the proxies of ${used.join(", ")}`;
