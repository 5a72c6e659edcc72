import { accessLog, labelsKnown, receive } from "@anamnesis/client/patient";
import type { LogEntry } from "@anamnesis/client";
import { proxyInstitution } from "@anamnesis/protocol";
import { actingAs } from "../actor.ts";
import type { CommandModule } from "../commandTable.ts";
import { recordText, scopeText } from "../scopeText.ts";
import type { Titles } from "../scopeText.ts";
import { timeText } from "../table.ts";

export const { define, run }: CommandModule = {
  define: (command) => {
    command
      .description("Who asked, who was allowed, who opened, and why; newest first.")
      .requiredOption("--as <patient>", "whose records they are");
  },
  run: async (options) => {
    const session = await actingAs(options, String(options["as"]), ["patient"]);
    await receive(session);
    const entries = await accessLog(session);
    const titles = await labelsKnown(session);
    return {
      json: { entries },
      lines:
        entries.length === 0
          ? ["Nobody asked or looked"]
          : entries.map(
              (entry) =>
                `${timeText(entry.time)}  ${sentence(entry, titles, (index) => proxyInstitution(session.trust, index))}`,
            ),
    };
  },
};

/** @param proxy - The institution that runs it. */
function sentence(entry: LogEntry, titles: Titles, proxy: (index: number) => string): string {
  const who =
    entry.who.institution === "" ? entry.who.name : `${entry.who.name} (${entry.who.institution})`;
  switch (entry.what) {
    case "asked":
      return `${who} asked for ${scopeText(titles, entry.categories, entry.records)}, purpose ${entry.purposes.join(", ")}`;
    case "refused":
      return `You refused ${who}`;
    case "granted":
      return `You allowed ${who} ${scopeText(titles, entry.categories, entry.records)} until ${timeText(entry.until)}, purpose ${entry.purposes.join(", ")}`;
    case "revoked":
      return `You took back what ${who} was allowed; ${entry.receipts.length} proxies erased their part`;
    case "opened":
      return `${who} ${entry.action === "copy" ? "opened to copy" : "opened"} ${entry.records.length === 0 ? "records" : entry.records.map((id) => recordText(titles, id)).join(", ")}, purpose ${entry.purposes.join(", ")}${helpers(entry.used?.map(proxy))}`;
    case "denied":
      return entry.checked
        ? `${who} was refused by the proxy of ${proxy(entry.proxy)}: ${entry.code}`
        : `Said by the proxy of ${proxy(entry.proxy)}, not proved yet: it refused ${who}: ${entry.code}`;
    case "reread":
      return `${who} reread ${recordText(titles, entry.record)}, which they wrote`;
    case "lookedUp":
      return `A notice says that ${who} looked up how to reach you; it is no proof`;
  }
}

/** By the reader's word: they say it when they are done. */
const helpers = (used: readonly string[] | undefined): string =>
  used === undefined ? "" : `, with the proxies of ${used.join(", ")}`;
