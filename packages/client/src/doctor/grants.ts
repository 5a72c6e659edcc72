import { sha256, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, gidOf, grantDocument, grantMessage } from "@anamnesis/protocol";
import type { Grant, GrantTag, RecordView } from "@anamnesis/protocol";
import type { Device } from "../device.ts";
import { inParallel } from "../inParallel.ts";
import type { GrantReceivedItem } from "../items.ts";
import type { GrantSummary, RecordSummary } from "../model.ts";
import { grantOnChain, grantStatus } from "../grantOnChain.ts";
import { once } from "../once.ts";
import { labelled } from "../labels.ts";
import { summariseRecord } from "../recordSummary.ts";
import type { Session } from "../session.ts";
import { askMembers } from "../members/ask.ts";
import { labelsOfGrants } from "./labelsInMemory.ts";

/** A grant at hand; its signatures were verified when it came, and are again before it is used. */
export interface HeldGrant {
  readonly item: GrantReceivedItem;
  readonly gid: string;
  readonly grant: Grant;
  /** Categories of the tags, in order. */
  readonly categories: readonly string[];
  /** Ids of the requests that it answers. */
  readonly requests: readonly string[];
}

const QUERIES_AT_ONCE = 8;

/** What a message says does not change with its grant's item. */
type Read = Omit<HeldGrant, "item">;
const read = new WeakMap<Device, Map<string, Promise<Read>>>();

/** Keeps the verified message of a grant in place of what came of it before. */
export async function keepGrant(
  { device: { items } }: Pick<Session, "device">,
  message: Uint8Array,
  item: Omit<GrantReceivedItem, "name">,
): Promise<void> {
  const before = await items.get("grantReceived", item.gid);
  const name = toHex(sha256(message));
  await items.put("grantMessage", name, { message });
  await items.put("grantReceived", item.gid, { ...item, name });
  if (before !== undefined && before.name !== name) await items.remove("grantMessage", before.name);
}

/** Every grant that this doctor was given, newest first. Large messages are read once. */
export async function heldGrants(session: Session): Promise<readonly HeldGrant[]> {
  const { device } = session;
  const known = read.get(device) ?? new Map<string, Promise<Read>>();
  read.set(device, known);
  const items = await device.items.all("grantReceived");
  const held = await inParallel(items, QUERIES_AT_ONCE, async (item) => ({
    ...(await once(known, item.name, async () => readMessage(await messageOf(session, item)))),
    item,
  }));
  return held.toSorted((a, b) => b.item.time - a.item.time);
}

/** The message of a grant at hand. @throws {AnamnesisError} STORE_CORRUPT */
export async function messageOf(
  { device }: Pick<Session, "device">,
  { name }: Pick<GrantReceivedItem, "name">,
): Promise<Uint8Array> {
  const kept = await device.items.get("grantMessage", name);
  if (kept === undefined)
    throw new AnamnesisError("STORE_CORRUPT", "The message of a grant is not on this device");
  return kept.message;
}

function readMessage(bytes: Uint8Array): Read {
  const message = grantMessage.decode(bytes);
  const grant = grantDocument.decode(message.grant);
  const { categories, requests } = message;
  return { gid: gidOf(grant.key), grant, categories, requests: requests.map(toHex) };
}

export async function listGrants(session: Session): Promise<readonly GrantSummary[]> {
  return inParallel(await heldGrants(session), QUERIES_AT_ONCE, async (held) => {
    const { item, gid, grant, categories } = held;
    const onChain = await grantOnChain(session, gid);
    return {
      id: gid,
      status: grantStatus(onChain, grant.notAfter, session.clock()),
      party: {
        fingerprint: item.patient,
        name: item.patientName,
        role: "patient",
        institution: "",
      },
      categories: [...new Set(categories)],
      ...(grant.records !== null && { records: grant.records.map(toHex) }),
      actions: grant.actions,
      purposes: grant.purposes,
      notBefore: grant.notBefore,
      until: grant.notAfter,
      ...(onChain !== undefined && onChain.revokedAt > 0 && { revokedAt: onChain.revokedAt }),
      receipts: [],
    };
  });
}

/** What live grants open, what happened last first, with the labels that were read; a record that several open is shown once, under the newest grant. */
export async function listReadable(session: Session): Promise<readonly RecordSummary[]> {
  const held = await heldGrants(session);
  const views = await inParallel(held, QUERIES_AT_ONCE, ({ gid }) => grantOnChain(session, gid));
  const live = held.filter(
    ({ grant }, i) => grantStatus(views[i], grant.notAfter, session.clock()) === "live",
  );
  const found = new Map<string, RecordSummary>();
  for (const grantAtHand of live) {
    const { grant, item, gid, categories } = grantAtHand;
    const lists = await inParallel(grant.tags, QUERIES_AT_ONCE, async (tag, t) => {
      const records = await grantedRecords(session, grant, tag);
      const details = {
        chain: tag.chain,
        category: categories[t] ?? "",
        patient: { fingerprint: item.patient, name: item.patientName },
        gid,
      };
      return Promise.all(records.map((record) => summariseRecord(session, record, details)));
    });
    for (const record of lists.flat()) if (!found.has(record.id)) found.set(record.id, record);
  }
  return labelled(
    [...found.values()],
    labelsOfGrants(session, new Set(live.map(({ gid }) => gid))),
  );
}

/** The records of one tag that a grant covers. */
async function grantedRecords(
  session: Session,
  grant: Grant,
  tag: GrantTag,
): Promise<readonly RecordView[]> {
  const { chain } = tag;
  const by = { tag: toHex(tag.tag) };
  const records = await askMembers(session, chain, (node) => node.records(chain, by));
  return records.filter(
    (record) => record.pid === toHex(tag.pid) && coversRecord(grant, record.record),
  );
}

/**
 * Whether some grant at hand lets this doctor keep a copy of a record; what they wrote themselves they have. Proxies and chain
 * decide again when it is copied.
 */
export async function mayCopy(
  session: Session,
  { id, chain, pid, tag, gid }: Pick<RecordSummary, "id" | "chain" | "pid" | "tag" | "gid">,
): Promise<boolean> {
  if (gid === undefined) return true;
  return (await heldGrants(session)).some(
    ({ grant }) =>
      grant.actions.includes("copy") &&
      grant.notAfter > session.clock() &&
      coversRecord(grant, id) &&
      grant.tags.some(
        (one) => one.chain === chain && toHex(one.pid) === pid && toHex(one.tag) === tag,
      ),
  );
}

export const coversRecord = (grant: Grant, record: string): boolean =>
  grant.records === null || grant.records.some((id) => toHex(id) === record);
