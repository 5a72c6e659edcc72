import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, accessRequest, grantDocument } from "@anamnesis/protocol";
import type { GrantView } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem, RequestItem, VisitItem } from "../items.ts";
import type { LogEntry, PersonView } from "../model.ts";
import type { Session } from "../session.ts";
import { usageOf } from "../grantOnChain.ts";
import { denialEntries } from "./denials.ts";
import { grantKey } from "./grants.ts";
import { LoggedRecords, namedRecords, reasons, unique } from "./logElements.ts";
import type { DataElements } from "./logElements.ts";
import { Look } from "./look.ts";
import { lookupEntry } from "./lookups.ts";
import { openingEntries, toldByProxies } from "./openings.ts";
import { listRecords } from "./records.ts";
import { rereadings } from "./rereadings.ts";
import { openVisits } from "./visitKeys.ts";

const AT_ONCE = 8;

/** Who asked, who was allowed, who opened and why; newest first, back to the first entry (docs/spec/limits.md L-68). */
export async function accessLog(session: Session): Promise<readonly LogEntry[]> {
  const look = new Look(session);
  const { items } = session.device;
  const [requests, grants, lookups, visits] = await Promise.all([
    items.all("request"),
    items.all("grantGiven"),
    items.all("lookup"),
    openVisits(session),
  ]);
  const records = listRecords(session).then((own) => new LoggedRecords(own));
  const [logged, ...entries] = await Promise.all([
    records,
    inParallel(grants, AT_ONCE, (grant) => grantEntries(look, records, grant, visits)),
    inParallel(visits, AT_ONCE, (visit) => rereadings(look, records, visit)),
  ]);
  return [
    ...entries.flat(2),
    ...requests.flatMap((request) => requestEntries(request, logged)),
    ...lookups.map(lookupEntry),
  ].toSorted((a, b) => b.time - a.time);
}

function requestEntries(item: RequestItem, logged: LoggedRecords): LogEntry[] {
  const { categories, records, purpose } = accessRequest.decode(item.body);
  const who: PersonView = {
    fingerprint: item.party,
    name: item.partyName,
    role: "doctor",
    institution: item.institution,
  };
  const asked = { ...(categories === null ? {} : { categories }), titles: {} };
  const common = {
    who,
    ...logged.elementsOf(records?.map(toHex) ?? [], asked),
    ...reasons([purpose]),
    ...namedRecords(records),
    request: item.request,
  };
  const entry: LogEntry = { what: "asked", time: item.time, ...common };
  return item.state === "refused"
    ? [entry, { what: "refused", time: item.closedAt ?? item.time, ...common }]
    : [entry];
}

async function grantEntries(
  look: Look,
  records: Promise<LoggedRecords>,
  item: GrantGivenItem,
  visits: readonly VisitItem[],
): Promise<LogEntry[]> {
  const { gid } = item;
  const { purposes, records: chosen, tags, notAfter } = grantDocument.decode(item.grant);
  const pids = new Set(tags.map(({ pid }) => toHex(pid)));
  const places = visits.filter(({ pid }) => pids.has(pid)).map(({ institution }) => institution);
  const granted = { categories: unique(item.categories), origins: unique(places), titles: {} };
  const coveredBy = async () => (await records).elementsOf(chosen?.map(toHex) ?? [], granted);
  const [view, covered, uses] = await Promise.all([
    grantNow(look, item),
    coveredBy(),
    useEntries(look, records, item, coveredBy),
  ]);
  const who: PersonView = {
    fingerprint: item.reader,
    name: item.readerName,
    role: "doctor",
    institution: item.readerInstitution,
  };
  const common = { who, ...covered, ...reasons(purposes), gid };
  const decided: LogEntry[] = [];
  // What was proved once stands; what a node alone said was published is not shown as granted.
  if (view !== undefined || item.state === "published")
    decided.push({
      what: "granted",
      time: item.time,
      ...common,
      ...namedRecords(chosen),
      until: notAfter,
      ...(item.request === null ? {} : { request: item.request }),
    });
  if (view !== undefined && view.revokedAt !== 0) {
    const receipts = Object.keys(item.receipts).map(Number);
    decided.push({ what: "revoked", time: view.revokedAt, ...common, receipts });
  }
  return [...decided, ...uses];
}

/** What was done under a grant. What nodes and proxies tell is asked side by side: one of them may be silent. */
async function useEntries(
  look: Look,
  records: Promise<LoggedRecords>,
  item: GrantGivenItem,
  coveredBy: () => Promise<DataElements>,
): Promise<LogEntry[]> {
  const { session } = look;
  const told = toldByProxies(look, item);
  const entries = async (): Promise<LogEntry[]> => {
    const usage = await usageOf(session, item.gid, grantKey(session, item));
    const used = { item, usage, covered: await coveredBy() };
    const [opened, denied] = await Promise.all([
      openingEntries(look, await records, used, told),
      denialEntries(look, used),
    ]);
    return [...opened, ...denied];
  };
  const [uses] = await Promise.all([entries(), told]);
  await (await look.known(item.gid)).save();
  return uses;
}

/**
 * What of a grant is proven: a revocation that was, stays. Too few members answer to prove anything: then one is not shown, rather
 * than shown on one node's word.
 */
async function grantNow(
  look: Look,
  { gid, revokedAt }: GrantGivenItem,
): Promise<Pick<GrantView, "revokedAt"> | undefined> {
  if (revokedAt !== null) return { revokedAt };
  try {
    return await look.grantOnChain(gid);
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "UNAVAILABLE") return undefined;
    throw error;
  }
}
