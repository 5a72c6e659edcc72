import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, grantDocument, intentCommitment } from "@anamnesis/protocol";
import type { Evidence, Slip, UsageView } from "@anamnesis/protocol";
import { bareCaller } from "../caller.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantGivenItem } from "../items.ts";
import type { LogEntry } from "../model.ts";
import { personOf } from "../people.ts";
import { grantKey, proxiesOf } from "./grants.ts";
import type { Served } from "./knownUses.ts";
import { reasons } from "./logElements.ts";
import type { DataElements, LoggedRecords } from "./logElements.ts";
import type { Look } from "./look.ts";

const AT_ONCE = 8;

/** What is known of a grant's use before any of it is proved. */
export interface TellsOfUse {
  readonly item: GrantGivenItem;
  /** As two nodes list it. */
  readonly usage: readonly UsageView[];
  /** What the grant covers. */
  readonly covered: DataElements;
}

/** Every opening under a grant: by whom, when, of which records, why. */
export async function openingEntries(
  look: Look,
  logged: LoggedRecords,
  { item, usage, covered }: TellsOfUse,
  told: Promise<readonly ToldIntent[]>,
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
  const intents = await intentsOf(look, item, usage, told);
  return inParallel(
    intents,
    AT_ONCE,
    async ({ id, time, reader, action, served }): Promise<LogEntry> => {
      const ids = logged.idsOf(served?.digests ?? []);
      return {
        what: "opened",
        time,
        who: await personOf(look.session, reader),
        ...logged.elementsOf(ids, covered),
        ...reasons(served === undefined ? purposes : [served.purpose]),
        gid,
        intent: id,
        ...(action === undefined ? {} : { action }),
        records: ids,
        witnesses: served?.proxies.length ?? 0,
        ...done.get(id),
      };
    },
  );
}

interface SeenIntent {
  /** Slip id. */
  readonly id: string;
  readonly time: number;
  /** Fingerprint. */
  readonly reader: string;
  /** As the slip says it; `undefined` while it is not proven. */
  readonly action: string | undefined;
  /** `undefined` where no proxy told. */
  readonly served: Served | undefined;
}

/**
 * Every intent that a node lists or a proxy served, as two members prove it: a node that leaves one out, or names another
 * reader, is not believed (I8). One that cannot be proven now is shown as the node tells it.
 */
async function intentsOf(
  look: Look,
  item: GrantGivenItem,
  usage: readonly UsageView[],
  told: Promise<readonly ToldIntent[]>,
): Promise<readonly SeenIntent[]> {
  const listed = new Map<string, UsageView>(
    usage.flatMap((view) => (view.kind === "usage.intent" ? [[view.slip, view] as const] : [])),
  );
  const { chain } = consortiumOf(look.session.trust);
  // Proved while proxies answer, of whom one may be silent.
  await inParallel([...listed.keys()], AT_ONCE, (id) => look.slip(item.gid, chain, id));
  const evidence = Map.groupBy(await told, ({ intent }) => toHex(intent));
  const ids = [...new Set<string>([...listed.keys(), ...evidence.keys()])];
  const known = await look.known(item.gid);
  const seen = await inParallel(ids, AT_ONCE, async (id): Promise<SeenIntent | undefined> => {
    const entry = listed.get(id);
    const kept = evidence.get(id) ?? [];
    const time = entry?.time ?? Math.min(...kept.map((served) => served.time));
    const slip = await look.slip(item.gid, chain, id);
    if (slip === "unknown")
      return entry && { id, time, reader: entry.reader, action: undefined, served: undefined };
    if (slip === "refuted" || slip.kind !== "usage.intent" || toHex(slip.fields.gid) !== item.gid)
      return undefined;
    const before = known.get(id)?.served;
    const served = joined(
      before,
      kept.filter((each) => isOf(slip, each)),
    );
    if (served !== undefined && served.proxies.length > (before?.proxies.length ?? 0))
      known.put({ slip, served });
    const { cert, action } = slip.fields;
    return { id, time, reader: toHex(cert), action, served };
  });
  return seen.filter((intent) => intent !== undefined);
}

/** Whether what a proxy keeps opens the commitment on the chain. */
const isOf = ({ fields }: Slip<"usage.intent">, served: ToldIntent): boolean =>
  served.action === fields.action && equalBytes(fields.commitment, intentCommitment(served));

function joined(before: Served | undefined, told: readonly ToldIntent[]): Served | undefined {
  const [first] = told;
  if (first === undefined) return before;
  const proxies = new Set([...(before?.proxies ?? []), ...told.map(({ proxy }) => proxy)]);
  return {
    purpose: first.purpose,
    digests: first.digests.map(toHex),
    proxies: [...proxies].toSorted((a, b) => a - b),
  };
}

/** What a proxy keeps of an intent. */
export type ToldIntent = Evidence["intents"][number] & { readonly proxy: number };

/** What all proxies keep of a grant's use; those that are away tell nothing. */
export async function toldByProxies(
  look: Look,
  item: GrantGivenItem,
): Promise<readonly ToldIntent[]> {
  const caller = bareCaller(grantKey(look.session, item));
  const told = await Promise.all(
    proxiesOf(look.session, item).map(async ({ index }) => {
      try {
        const { intents } = await look.askProxy(index, (proxy) => proxy.evidence(item.gid, caller));
        return intents.map((intent) => ({ ...intent, proxy: index }));
      } catch (error) {
        if (error instanceof AnamnesisError) return [];
        throw error;
      }
    }),
  );
  return told.flat();
}
