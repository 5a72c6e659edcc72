import { AnamnesisError } from "@anamnesis/protocol";
import type { RecordView } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { WrittenItem } from "../items.ts";
import { keptLabels, labelled } from "../labels.ts";
import type { RecordSummary } from "../model.ts";
import { summariseRecord } from "../recordSummary.ts";
import type { Session } from "../session.ts";
import { withDisputes } from "./disputeView.ts";
import { askMembers } from "../members/ask.ts";

const QUERIES_AT_ONCE = 8;

/** What this doctor wrote, what happened last first. */
export async function listAuthored(session: Session): Promise<readonly RecordSummary[]> {
  const items = await session.device.items.all("written");
  const byVisit = [...Map.groupBy(items, ({ chain, pid }) => `${chain} ${pid}`).values()];
  const lists = await inParallel(byVisit, QUERIES_AT_ONCE, async (written) => {
    const [{ chain, pid }] = written as [WrittenItem];
    const views = await askMembers(session, chain, (node) => node.records(chain, { pid }));
    const found = written.flatMap((item) =>
      views.filter(({ record }) => record === item.record).map((view) => ({ item, view })),
    );
    return Promise.all(found.map(({ item, view }) => summariseWritten(session, item, view)));
  });
  return labelled(lists.flat(), await keptLabels(session));
}

export async function summariseWritten(
  session: Session,
  item: WrittenItem,
  view: RecordView,
): Promise<RecordSummary> {
  const summary = await summariseRecord(session, view, {
    chain: item.chain,
    category: item.category,
    sensitive: item.sensitive,
    title: item.title,
    patient: { fingerprint: item.patient, name: item.patientName },
  });
  return withDisputes(summary, item);
}

/** A record that this device wrote, as its chain has it. @throws {AnamnesisError} NOT_FOUND */
export async function writtenRecord(
  session: Session,
  id: string,
): Promise<{ readonly item: WrittenItem; readonly view: RecordView }> {
  const item = await session.device.items.get("written", id);
  if (item === undefined)
    throw new AnamnesisError("NOT_FOUND", "This device did not write such a record");
  const { chain, pid } = item;
  const views = await askMembers(session, chain, (node) => node.records(chain, { pid }));
  const view = views.find(({ record }) => record === id);
  if (view === undefined) throw new AnamnesisError("NOT_FOUND", "The chain holds no such record");
  return { item, view };
}
