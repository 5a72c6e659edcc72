import { openAsPatient } from "@anamnesis/crypto/open";
import type { SealedHead } from "@anamnesis/crypto/open";
import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { RecordView } from "@anamnesis/protocol";
import { inParallel } from "../inParallel.ts";
import type { RecordItem, VisitItem } from "../items.ts";
import { keptLabels, labelled } from "../labels.ts";
import type { OpenRecord, RecordSummary, VersionSummary } from "../model.ts";
import { newestFirst, summariseRecord } from "../recordSummary.ts";
import { parseRecordName, proveVersion, versionOf } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { contentOf, findRecord } from "../foundRecord.ts";
import { keysOfTag, openVisits, visitOf } from "./visitKeys.ts";
import { askMembers } from "../members/ask.ts";
import { provenConfirmations } from "./confirmations.ts";

const VISITS_AT_ONCE = 8;

/** A record and the visit it belongs to. */
export interface OwnRecord {
  readonly record: RecordSummary;
  readonly view: RecordView;
  readonly visit: VisitItem;
}

/** Every record of every visit, what happened last first, with the labels that the device has read. */
export async function listRecords(session: Session): Promise<readonly RecordSummary[]> {
  const own = await ownRecords(session);
  return labelled(
    own.map(({ record }) => record),
    await keptLabels(session),
  );
}

export async function ownRecords(session: Session): Promise<readonly OwnRecord[]> {
  const found = await inParallel(await openVisits(session), VISITS_AT_ONCE, (visit) =>
    recordsOfVisit(session, visit),
  );
  return found.flat().toSorted((a, b) => newestFirst(a.record, b.record));
}

async function recordsOfVisit(session: Session, visit: VisitItem): Promise<OwnRecord[]> {
  const { chain, pid } = visit;
  const views = await askMembers(session, chain, (node) => node.records(chain, { pid }));
  const records: OwnRecord[] = [];
  for (const view of views) {
    // Under a tag that this device did not give out, nothing can be sealed for the patient.
    const entry = visit.entries.find(({ tag }) => toHex(tag) === view.tag);
    if (entry === undefined || view.pid !== visit.pid || view.versions.length === 0) continue;
    const known = await session.device.items.get("record", view.record);
    const before = known?.confirmations ?? {};
    const proven = await provenConfirmations(session, chain, view, before);
    const confirmed = Object.entries(proven).map(([digest, slip]) => ({ digest, slip }));
    const summary = await summariseRecord(
      session,
      { ...view, confirmed },
      { chain, category: entry.category, sensitive: entry.sensitive },
    );
    if (Object.keys(proven).length > Object.keys(before).length)
      await remember(session, summary, (item) => ({ ...item, confirmations: proven }));
    const opened = known?.opened[summary.versions.at(-1)!.digest];
    records.push({ record: { ...summary, ...opened }, view, visit });
  }
  return records;
}

/** @throws {AnamnesisError} NOT_FOUND */
export async function ownRecord(session: Session, id: string): Promise<OwnRecord> {
  const item = await session.device.items.get("record", id);
  const visits =
    item === undefined ? await openVisits(session) : [await visitOf(session, item.pid)];
  const found = (
    await inParallel(visits, VISITS_AT_ONCE, (visit) => recordsOfVisit(session, visit))
  )
    .flat()
    .find(({ record }) => record.id === id);
  if (found === undefined)
    throw new AnamnesisError("NOT_FOUND", "There is no such record of this patient");
  return found;
}

/** @param id - A record id, or `ID@n` for an older version. @throws {AnamnesisError} NOT_FOUND, DIGEST_MISMATCH, AUTHOR_UNVERIFIED, PROOF_INVALID, E_DECRYPT */
export async function openRecord(session: Session, id: string): Promise<OpenRecord> {
  const wanted = parseRecordName(id);
  const own = await ownRecord(session, wanted.id);
  const { n } = versionOf(own.view, wanted.n);
  return openVersion(session, own, own.record.versions[n - 1]!);
}

/** Verifies a version's place on the chain, author and digest, then opens it with the patient's own key. */
export async function openVersion(
  session: Session,
  { record, view, visit }: OwnRecord,
  version: VersionSummary,
): Promise<OpenRecord & { readonly head: SealedHead }> {
  const proven = await proveVersion(session, visit.chain, view, view.versions[version.n - 1]!);
  const { slip } = proven;
  const { addressKey } = keysOfTag(session, slip.fields.tag);
  const found = await findRecord(session, {
    chain: visit.chain,
    slip,
    addressKey,
  });
  const contentKey = await openAsPatient({
    seed: session.device.seed,
    institution: visit.institution,
    epoch: visit.epoch,
    record: found.head,
  });
  const { content, finished } = contentOf(proven, found, contentKey, ({ meta }) =>
    remember(session, record, (item) => ({
      ...item,
      opened: {
        ...item.opened,
        [version.digest]: {
          title: meta.fileName ?? record.category,
          mediaType: meta.mediaType,
          size: meta.size,
        },
      },
    })),
  );
  const { head, passed: passedVaults } = found;
  return { record, version, content, finished, faultyProxies: [], passedVaults, head };
}

/** Changes what the device knows of a record. */
export async function remember(
  session: Session,
  { id, chain, pid }: RecordSummary,
  change: (item: RecordItem) => RecordItem,
): Promise<void> {
  const known = await session.device.items.get("record", id);
  await session.device.items.put(
    "record",
    id,
    change(known ?? { record: id, chain, pid, opened: {}, confirmations: {}, disputes: {} }),
  );
}
