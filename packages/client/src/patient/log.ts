import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  accessRequest,
  consortiumOf,
  grantDocument,
  intentCommitment,
} from "@anamnesis/protocol";
import type { Evidence, Purpose, SessionView, SlipFields, UsageView } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import { askProxy, askTwo } from "../members/ask.ts";
import type { ProxyApi } from "../ports.ts";
import type { GrantGivenItem, RequestItem, VisitItem } from "../items.ts";
import type { LogEntry, PersonView } from "../model.ts";
import { personOf } from "../people.ts";
import { proveSlip } from "../proofs/prove.ts";
import type { Session } from "../session.ts";
import { grantOnChain, usageOf } from "../grantOnChain.ts";
import { denialEntries } from "./denials.ts";
import { grantKey, proxiesOf } from "./grants.ts";
import { lookupEntry } from "./lookups.ts";
import { ownRecords } from "./records.ts";
import { openVisits } from "./visitKeys.ts";

const AT_ONCE = 8;

/** Who asked, who was allowed, who opened and why; newest first. */
export async function accessLog(session: Session): Promise<readonly LogEntry[]> {
  const { items } = session.device;
  const [requests, grants, lookups, visits] = await Promise.all([
    items.all("request"),
    items.all("grantGiven"),
    items.all("lookup"),
    openVisits(session),
  ]);
  const digests = new Map(
    (await ownRecords(session)).flatMap(({ record }) =>
      record.versions.map(({ digest }) => [digest, record.id] as const),
    ),
  );
  const entries = await Promise.all([
    inParallel(grants, AT_ONCE, (grant) => grantEntries(session, grant, digests)),
    inParallel(visits, AT_ONCE, (visit) => rereadings(session, visit)),
  ]);
  return [
    ...entries.flat(2),
    ...requests.flatMap(requestEntries),
    ...lookups.map(lookupEntry),
  ].toSorted((a, b) => b.time - a.time);
}

function requestEntries(item: RequestItem): LogEntry[] {
  const { categories, records, purpose } = accessRequest.decode(item.body);
  const who: PersonView = {
    fingerprint: item.party,
    name: item.partyName,
    role: "doctor",
    institution: item.institution,
  };
  const chosen = {
    ...(categories === null ? {} : { categories }),
    ...(records === null ? {} : { records: records.map(toHex) }),
  };
  const asked: LogEntry = {
    what: "asked",
    time: item.time,
    who,
    request: item.request,
    purpose,
    ...chosen,
  };
  return item.state === "refused"
    ? [asked, { what: "refused", time: item.closedAt ?? item.time, who, request: item.request }]
    : [asked];
}

async function grantEntries(
  session: Session,
  item: GrantGivenItem,
  digests: ReadonlyMap<string, string>,
): Promise<LogEntry[]> {
  const { gid } = item;
  const { purposes, records, notAfter } = grantDocument.decode(item.grant);
  const who: PersonView = {
    fingerprint: item.reader,
    name: item.readerName,
    role: "doctor",
    institution: item.readerInstitution,
  };
  const view = await grantOnChain(session, gid).catch(notNow);
  // What was proved once stands; what a node alone said was published is not shown as granted.
  const isGranted = view !== undefined || item.state === "published";
  const granted: LogEntry = {
    what: "granted",
    time: item.time,
    who,
    gid,
    purposes,
    categories: [...new Set(item.categories)],
    ...(records === null ? {} : { records: records.map(toHex) }),
    until: notAfter,
    ...(item.request === null ? {} : { request: item.request }),
  };
  const entries: LogEntry[] = isGranted ? [granted] : [];
  if (view !== undefined && view.revokedAt !== 0)
    entries.push({
      what: "revoked",
      time: view.revokedAt,
      who,
      gid,
      receipts: Object.keys(item.receipts).map(Number),
    });
  const usage = await usageOf(session, gid, grantKey(session, item));
  return [...entries, ...(await usageEntries(session, item, usage, digests))];
}

/** Too few members answer to prove anything: then a revocation is not shown, rather than shown on one node's word. */
function notNow(error: unknown): undefined {
  if (error instanceof AnamnesisError && error.code === "UNAVAILABLE") return undefined;
  throw error;
}

async function usageEntries(
  session: Session,
  item: GrantGivenItem,
  usage: readonly UsageView[],
  digests: ReadonlyMap<string, string>,
): Promise<LogEntry[]> {
  const { gid } = item;
  const { purposes } = grantDocument.decode(item.grant);
  const done = new Map<string, { readonly completed: number; readonly used: readonly number[] }>(
    usage.flatMap((view) =>
      view.kind === "usage.done"
        ? [[view.intent, { completed: view.time, used: view.proxies }] as const]
        : [],
    ),
  );
  const intents = await intentsOf(session, item, usage);
  const opened = await Promise.all(
    intents.map(
      async ({ slip, time, reader, action, purpose, records, witnesses }): Promise<LogEntry> => {
        return {
          what: "opened",
          time,
          who: await personOf(session, reader),
          gid,
          intent: slip,
          ...(action === undefined ? {} : { action }),
          purposes: purpose === undefined ? purposes : [purpose],
          records: [...new Set(records.map((digest) => digests.get(digest) ?? digest))],
          witnesses,
          ...done.get(slip),
        };
      },
    ),
  );
  return [...opened, ...(await denialEntries(session, item, usage))];
}

/** One intent: who, when, and which records where proxies tell. */
interface SeenIntent {
  readonly slip: string;
  readonly time: number;
  /** Fingerprint. */
  readonly reader: string;
  /** As the slip says it; `undefined` while it is not proven. */
  readonly action: string | undefined;
  /** `undefined` where no proxy tells. */
  readonly purpose: Purpose | undefined;
  /** Digests, hex. */
  readonly records: readonly string[];
  /** Proxies whose evidence opens the commitment on the chain. */
  readonly witnesses: number;
}

/**
 * Every intent that the own node lists or a proxy served, as two members prove it: a node that leaves one out, or names
 * another reader, is not believed (I8). One that cannot be proven now is shown as the node tells it.
 */
async function intentsOf(
  session: Session,
  item: GrantGivenItem,
  usage: readonly UsageView[],
): Promise<readonly SeenIntent[]> {
  const listed = usage.filter(({ kind }) => kind === "usage.intent");
  const told = await evidenceOf(session, item);
  const ids = new Set<string>([
    ...listed.map(({ slip }) => slip),
    ...told.map(({ intent }) => toHex(intent)),
  ]);
  const seen = await inParallel([...ids], AT_ONCE, async (id): Promise<SeenIntent | undefined> => {
    const entry = listed.find(({ slip }) => slip === id);
    const evidence = told.filter(({ intent }) => toHex(intent) === id);
    const time = entry?.time ?? Math.min(...evidence.map((served) => served.time));
    const proven = await provenIntent(session, id);
    if (proven === "unknown") {
      const unproven = { action: undefined, purpose: undefined, records: [], witnesses: 0 };
      return entry && { slip: id, time, reader: entry.reader, ...unproven };
    }
    if (proven === "refuted" || toHex(proven.gid) !== item.gid) return undefined;
    const opening = evidence.filter(
      (served) =>
        served.action === proven.action && equalBytes(proven.commitment, intentCommitment(served)),
    );
    return {
      slip: id,
      time,
      reader: toHex(proven.cert),
      action: proven.action,
      purpose: opening[0]?.purpose,
      records: opening[0]?.digests.map(toHex) ?? [],
      witnesses: opening.length,
    };
  });
  return seen.filter((intent) => intent !== undefined);
}

/** What all proxies keep of a grant's use; those that are away tell nothing. */
async function evidenceOf(
  session: Session,
  item: GrantGivenItem,
): Promise<readonly Evidence["intents"][number][]> {
  const caller = bareCaller(grantKey(session, item));
  const told = await Promise.all(
    proxiesOf(session, item).map(async ({ index }) => {
      try {
        const ask = (proxy: ProxyApi) => proxy.evidence(item.gid, caller);
        return (await askProxy(session, index, ask)).intents;
      } catch (error) {
        if (error instanceof AnamnesisError) return [];
        throw error;
      }
    }),
  );
  return told.flat();
}

/** The fields of an intent that stands on the consortium; `unknown` while too few members answer. */
async function provenIntent(
  session: Session,
  id: string,
): Promise<SlipFields<"usage.intent"> | "unknown" | "refuted"> {
  try {
    const { slip } = await proveSlip(session, consortiumOf(session.trust).chain, id);
    return slip.kind === "usage.intent" ? slip.fields : "refuted";
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error;
    return error.code === "UNAVAILABLE" ? "unknown" : "refuted";
  }
}

/** As two members tell it: a hospital cannot hide that its own doctors reread. */
async function rereadings(session: Session, visit: VisitItem): Promise<LogEntry[]> {
  const { chain, pid } = visit;
  const told = await askTwo(session, chain, (node) => node.session(chain, pid));
  const authors = new Map(
    told.flatMap(({ authors: each }) => each.map((author) => [author.slip, author] as const)),
  );
  const seen = await inParallel([...authors.values()], AT_ONCE, async (told) =>
    (await isRefuted(session, visit, told)) ? undefined : told,
  );
  return Promise.all(
    seen
      .filter((told) => told !== undefined)
      .map(async ({ slip, record, author, time }): Promise<LogEntry> => ({
        what: "reread",
        time,
        who: await personOf(session, author),
        record,
        slip,
      })),
  );
}

/** Whether two members prove that a rereading is not what one member told; `false` while too few answer. */
async function isRefuted(
  session: Session,
  { chain, pid }: VisitItem,
  told: SessionView["authors"][number],
): Promise<boolean> {
  try {
    const { slip } = await proveSlip(session, chain, told.slip);
    if (slip.kind !== "usage.author") return true;
    const { cert, record } = slip.fields;
    const isTold = toHex(cert) === told.author && toHex(record) === told.record;
    return !isTold || toHex(slip.fields.pid) !== pid;
  } catch (error) {
    if (!(error instanceof AnamnesisError)) throw error;
    return error.code !== "UNAVAILABLE";
  }
}
