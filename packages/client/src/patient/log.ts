import { toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  accessRequest,
  consortiumOf,
  evidence,
  grantDocument,
  intentCommitment,
  decodeSlip,
} from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem, LookupItem, RequestItem, VisitItem } from "../items.ts";
import type { LogEntry, PersonView } from "../model.ts";
import { ownNode } from "../ownNode.ts";
import { personOf } from "../people.ts";
import type { GrantView, UsageView } from "../ports.ts";
import type { Session } from "../session.ts";
import { grantOnChain } from "../grantOnChain.ts";
import { grantKey } from "./grants.ts";
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

const lookupEntry = ({ time, text }: LookupItem): LogEntry => ({
  what: "lookedUp",
  time,
  who: { fingerprint: "", name: text, role: "", institution: "" },
});

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
  const entries: LogEntry[] = [
    {
      what: "granted",
      time: item.time,
      who,
      gid,
      purposes,
      categories: [...new Set(item.categories)],
      ...(records === null ? {} : { records: records.map(toHex) }),
      until: notAfter,
      ...(item.request === null ? {} : { request: item.request }),
    },
  ];
  const view = await grantOnChain(session, gid);
  if (view === undefined) return entries;
  if (view.revokedAt !== 0)
    entries.push({
      what: "revoked",
      time: view.revokedAt,
      who,
      gid,
      receipts: Object.keys(item.receipts).map(Number),
    });
  return [...entries, ...(await usageEntries(session, item, view, digests))];
}

async function usageEntries(
  session: Session,
  item: GrantGivenItem,
  view: GrantView,
  digests: ReadonlyMap<string, string>,
): Promise<LogEntry[]> {
  const { gid } = item;
  const { purposes } = grantDocument.decode(item.grant);
  const done = new Map(
    view.usage
      .filter(({ kind }) => kind === "usage.done")
      .map(({ intent, time }) => [intent, time]),
  );
  const intents = view.usage.filter(({ kind }) => kind === "usage.intent");
  const witnessed =
    intents.length === 0 ? new Map<string, Witnessed>() : await witnessesOf(session, item, intents);
  const opened = await Promise.all(
    intents.map(async ({ slip, time, reader }): Promise<LogEntry> => {
      const seen = witnessed.get(slip);
      const completed = done.get(slip);
      return {
        what: "opened",
        time,
        who: await personOf(session, reader ?? ""),
        gid,
        intent: slip,
        purposes,
        records: [...new Set((seen?.digests ?? []).map((digest) => digests.get(digest) ?? digest))],
        witnesses: seen?.proxies ?? 0,
        ...(completed === undefined ? {} : { completed }),
      };
    }),
  );
  const denied = view.usage.filter(({ kind }) => kind === "usage.denied");
  const refused = await Promise.all(
    denied.map(async ({ time, reader, code, proxy }): Promise<LogEntry> => ({
      what: "denied",
      time,
      who: await personOf(session, reader ?? ""),
      gid,
      code: code ?? "",
      proxy: proxy ?? 0,
    })),
  );
  return [...opened, ...refused];
}

interface Witnessed {
  readonly digests: readonly string[];
  readonly proxies: number;
}

/** Which records an intent was for: what proxies keep counts only if it opens the commitment that stands on the chain. */
async function witnessesOf(
  session: Session,
  item: GrantGivenItem,
  intents: readonly UsageView[],
): Promise<Map<string, Witnessed>> {
  const { chain, consortium } = consortiumOf(session.trust);
  const commitments = new Map(
    await inParallel(
      intents,
      AT_ONCE,
      async ({ slip }) => [slip, await commitmentOf(session, chain, slip)] as const,
    ),
  );
  const caller = bareCaller(grantKey(session, item));
  const told = await Promise.all(
    consortium.proxies.map(async ({ index }) => {
      try {
        return evidence.decode(await session.network.proxy(index).evidence(item.gid, caller))
          .intents;
      } catch (error) {
        if (error instanceof AnamnesisError) return [];
        throw error;
      }
    }),
  );
  const witnessed = new Map<string, Witnessed>();
  for (const { intent, salt, digests } of told.flat()) {
    const slip = toHex(intent);
    if (commitments.get(slip) !== toHex(intentCommitment(salt, digests))) continue;
    witnessed.set(slip, {
      digests: digests.map(toHex),
      proxies: (witnessed.get(slip)?.proxies ?? 0) + 1,
    });
  }
  return witnessed;
}

async function commitmentOf(
  session: Session,
  chain: string,
  id: string,
): Promise<string | undefined> {
  const slip = decodeSlip((await ownNode(session).slip(chain, id)).slip);
  return slip.kind === "usage.intent" ? toHex(slip.fields.commitment) : undefined;
}

async function rereadings(session: Session, visit: VisitItem): Promise<LogEntry[]> {
  const { authors } = await session.network.node(visit.institution).session(visit.chain, visit.pid);
  return Promise.all(
    authors.map(async ({ slip, record, author, time }): Promise<LogEntry> => ({
      what: "reread",
      time,
      who: await personOf(session, author),
      record,
      slip,
    })),
  );
}
