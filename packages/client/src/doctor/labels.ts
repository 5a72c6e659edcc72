import { addressKey } from "@anamnesis/crypto/open";
import type { RecordLabel } from "@anamnesis/crypto/open";
import { toHex } from "@anamnesis/crypto/verify";
import { byRecord, keptLabels, labelled, readLabels } from "../labels.ts";
import type { RecordSummary } from "../model.ts";
import type { Session } from "../session.ts";
import { openedGrant } from "./grantMessage.ts";
import { heldGrants, messageOf } from "./grants.ts";
import { labelsInMemory } from "./labelsInMemory.ts";

/**
 * Records with their labels: those of granted ones are fetched and read by what the grant gave, without an entry in any log,
 * and kept in memory; those of own ones are on this device.
 */
export async function withLabels(
  session: Session,
  records: readonly RecordSummary[],
): Promise<readonly RecordSummary[]> {
  const held = await heldGrants(session);
  const found = await readLabels(session, records, async ({ gid, tag }) => {
    const grant = held.find((candidate) => candidate.gid === gid);
    if (grant === undefined) return undefined;
    const message = () => messageOf(session, grant.item);
    const { reader } = await openedGrant(session, { name: grant.item.name, message });
    const granted = reader.tags.find((each) => toHex(each.tag) === tag);
    return granted && { ss64: granted.ss64, addressKey: addressKey(granted) };
  });
  const memory = labelsInMemory(session);
  const gids = new Map(records.map(({ id, gid }) => [id, gid ?? ""]));
  for (const item of found) memory.set(item.digest, { ...item, gid: gids.get(item.record) ?? "" });
  return labelled(records, memory);
}

/** The labels that this session knows, by record id. */
export async function labelsKnown(session: Session): Promise<ReadonlyMap<string, RecordLabel>> {
  return byRecord(new Map([...(await keptLabels(session)), ...labelsInMemory(session)]));
}
