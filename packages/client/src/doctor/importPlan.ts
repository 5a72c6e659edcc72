import type { RecordView } from "@anamnesis/protocol";
import type { WrittenItem } from "../items.ts";
import { askMembers } from "../members/ask.ts";
import { once } from "../once.ts";
import type { Session } from "../session.ts";
import type { KnownPatient } from "./addressBook.ts";
import type { PreparedRecord } from "./prepareRecords.ts";
import { openToken } from "./tokens.ts";
import type { HeldToken } from "./tokens.ts";

/** A record at hand of which something is to become a new version. */
export interface Amended {
  readonly item: WrittenItem;
  readonly view: RecordView;
}

/** What an import does with one of its records. */
export type Planned =
  | { readonly outcome: "new"; readonly prepared: PreparedRecord }
  | {
      readonly outcome: "version";
      readonly prepared: PreparedRecord;
      readonly amends: Amended;
      readonly token: HeldToken;
    }
  | { readonly outcome: "unchanged"; readonly item: WrittenItem };

/**
 * Which of a patient's records this device wrote before: same series and content are left alone, changed content becomes a new
 * version, the rest is new. What names no series is known by its content alone. What became sensitive is a new record, for
 * a version cannot raise it. What another institution wrote, and what lost its visit token, is not amended either.
 *
 * @throws {AnamnesisError} UNAVAILABLE when the chain that is to say what it holds cannot be asked.
 */
export async function planImport(
  session: Session,
  patient: KnownPatient,
  records: readonly PreparedRecord[],
): Promise<readonly Planned[]> {
  const items = await session.device.items.all("written");
  const known = new Map<string, WrittenItem>();
  for (const item of items.toSorted((one, other) => one.time - other.time))
    if (item.patient === patient.fingerprint)
      for (const name of namesOf(item)) known.set(name, item);
  const visits = new Map<string, Promise<readonly RecordView[]>>();
  const viewOf = async ({ chain, pid, record }: WrittenItem): Promise<RecordView | undefined> => {
    const views = await once(visits, `${chain} ${pid}`, () =>
      askMembers(session, chain, (node) => node.records(chain, { pid })),
    );
    return views.find((view) => view.record === record);
  };
  const plan: Planned[] = [];
  for (const prepared of records) {
    const { category, sensitive } = prepared.record;
    const { series, source } = prepared;
    const found = known.get(nameOf(category, series ?? source));
    plan.push(
      found === undefined || (sensitive && !found.sensitive)
        ? { outcome: "new", prepared }
        : await beside(session, prepared, { found, viewOf }),
    );
  }
  return plan;
}

const nameOf = (category: string, what: string): string => `${category} ${what}`;

const namesOf = ({ category, series, source, pending }: WrittenItem): readonly string[] =>
  [series ?? source ?? pending?.source]
    .filter((what) => what !== undefined && what !== null)
    .map((what) => nameOf(category, what));

async function beside(
  session: Session,
  prepared: PreparedRecord,
  {
    found,
    viewOf,
  }: {
    readonly found: WrittenItem;
    readonly viewOf: (item: WrittenItem) => Promise<RecordView | undefined>;
  },
): Promise<Planned> {
  if (found.pending === null && found.source === prepared.source)
    return { outcome: "unchanged", item: found };
  const view = await viewOf(found);
  if (view === undefined) return { outcome: "new", prepared };
  const item = settled(found, view);
  if (item !== found) await session.device.items.put("written", item.record, item);
  if (item.source === prepared.source) return { outcome: "unchanged", item };
  const token = await session.device.items.get("token", item.pid);
  if (token === undefined || view.institution !== session.device.institution)
    return { outcome: "new", prepared };
  return { outcome: "version", prepared, amends: { item, view }, token: openToken(token) };
}

/** What was sent and not answered for stands on the chain or does not: the chain says so. */
function settled(item: WrittenItem, view: RecordView): WrittenItem {
  const { pending } = item;
  if (pending === null) return item;
  const isThere = view.versions.some(({ slip }) => slip === pending.slip);
  return {
    ...item,
    ...(isThere && { source: pending.source, title: pending.title }),
    pending: null,
  };
}
