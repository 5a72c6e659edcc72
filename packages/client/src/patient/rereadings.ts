import { toHex } from "@anamnesis/crypto/verify";
import type { SessionView } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { VisitItem } from "../items.ts";
import { askTwo } from "../members/ask.ts";
import type { LogEntry } from "../model.ts";
import { personOf } from "../people.ts";
import { reasons } from "./logElements.ts";
import type { LoggedRecords } from "./logElements.ts";
import type { Look } from "./look.ts";

const AT_ONCE = 8;

/** Authors who reread what they wrote in a visit, as two members tell it: a hospital cannot hide that its own doctors do. */
export async function rereadings(
  look: Look,
  records: Promise<LoggedRecords>,
  visit: VisitItem,
): Promise<LogEntry[]> {
  const { chain, pid, institution } = visit;
  const told = await askTwo(look.session, chain, (node) => node.session(chain, pid));
  const authors = new Map(
    told.flatMap(({ authors: each }) => each.map((author) => [author.slip, author] as const)),
  );
  const seen = await inParallel([...authors.values()], AT_ONCE, async (told) =>
    (await isRefuted(look, visit, told)) ? [] : [told],
  );
  const logged = await records;
  const entries = await inParallel(
    seen.flat(),
    AT_ONCE,
    async ({ slip, record, author, time }): Promise<LogEntry> => ({
      what: "reread",
      time,
      who: await personOf(look.session, author),
      ...logged.elementsOf([record], { origins: [institution], titles: {} }),
      ...reasons([]),
      record,
      slip,
    }),
  );
  await (await look.known(pid)).save();
  return entries;
}

/** Whether two members prove that a rereading is not what one member told; `false` while too few answer. */
async function isRefuted(
  look: Look,
  { chain, pid }: VisitItem,
  told: SessionView["authors"][number],
): Promise<boolean> {
  const slip = await look.slip(pid, chain, told.slip);
  if (slip === "unknown") return false;
  if (slip === "refuted" || slip.kind !== "usage.author") return true;
  const { cert, record } = slip.fields;
  const isTold = toHex(cert) === told.author && toHex(record) === told.record;
  return !isTold || toHex(slip.fields.pid) !== pid;
}
