import type { RecordLabel } from "@anamnesis/crypto/open";
import { fromHex } from "@anamnesis/crypto/verify";
import { byRecord, keptLabels, labelled, readLabels } from "../labels.ts";
import type { RecordSummary } from "../model.ts";
import type { Session } from "../session.ts";
import { keysOfTag } from "./visitKeys.ts";

/** Own records with their labels: what the device has not read yet is fetched, without opening a record, and kept sealed. */
export async function withLabels(
  session: Session,
  records: readonly RecordSummary[],
): Promise<readonly RecordSummary[]> {
  const { items } = session.device;
  const read = await readLabels(session, records, async ({ tag }) =>
    keysOfTag(session, fromHex(tag)),
  );
  await Promise.all(read.map((item) => items.put("label", item.digest, item)));
  return labelled(records, new Map(read.map((item) => [item.digest, item])));
}

/** The labels that this device knows, by record id. */
export const labelsKnown = async (session: Session): Promise<ReadonlyMap<string, RecordLabel>> =>
  byRecord(await keptLabels(session));
