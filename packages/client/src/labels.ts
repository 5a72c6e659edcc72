import { openLabel } from "@anamnesis/crypto/open";
import type { RecordLabel } from "@anamnesis/crypto/open";
import { CryptoError } from "@anamnesis/crypto/verify";
import { AnamnesisError, verifyOnce } from "@anamnesis/protocol";
import { findRecord } from "./foundRecord.ts";
import { inParallel } from "./inParallel.ts";
import type { LabelItem } from "./items.ts";
import type { RecordSummary } from "./model.ts";
import { askHeadOnce } from "./proofs/heads.ts";
import { lastFirst } from "./recordSummary.ts";
import { proveVersion } from "./recordVersion.ts";
import type { Session } from "./session.ts";

const LABELS_AT_ONCE = 8;

/** The keys by which a tag's labels are read. */
export interface LabelKeys {
  readonly ss64: Uint8Array;
  readonly addressKey: Uint8Array;
}

/** Labels by the digest of their version. */
export type Labels = ReadonlyMap<string, LabelItem>;

/** Labels that this device keeps. */
export const keptLabels = async ({ device }: Pick<Session, "device">): Promise<Labels> =>
  new Map((await device.items.all("label")).map((item) => [item.digest, item]));

/** Records with the labels of their newest versions as far as they are known, what happened last first. */
export const labelled = (records: readonly RecordSummary[], labels: Labels): RecordSummary[] =>
  records
    .map((record) => {
      const found = labels.get(record.versions.at(-1)?.digest ?? "");
      return found === undefined
        ? record
        : { ...record, label: found.label, title: found.label.title };
    })
    .toSorted(lastFirst);

/**
 * Reads the labels of records whose labels are not known: each version is proven on its chain, and the head of its object
 * fetched. None of it is opened, and nothing of it stands in a log. What cannot be had now is left out.
 *
 * @param keysOf - `undefined` where this device cannot read the label.
 */
export async function readLabels(
  session: Session,
  records: readonly RecordSummary[],
  keysOf: (record: RecordSummary) => Promise<LabelKeys | undefined>,
): Promise<readonly LabelItem[]> {
  const parts = { askHead: askHeadOnce(session), verify: verifyOnce() };
  const unread = records.filter(
    ({ label, versions }) => label === undefined && versions.length > 0,
  );
  const found = await inParallel(unread, LABELS_AT_ONCE, async (record) => {
    const keys = await keysOf(record);
    if (keys === undefined) return [];
    const version = record.versions.at(-1)!;
    try {
      const label = await readLabel(session, { record, version, keys, parts });
      return [{ record: record.id, digest: version.digest, label, time: session.clock() }];
    } catch (error) {
      if (error instanceof AnamnesisError || error instanceof CryptoError) return [];
      throw error;
    }
  });
  return found.flat();
}

async function readLabel(
  session: Session,
  input: {
    readonly record: RecordSummary;
    readonly version: RecordSummary["versions"][number];
    readonly keys: LabelKeys;
    readonly parts: Parameters<typeof proveVersion>[4];
  },
): Promise<RecordLabel> {
  const { record, version, keys } = input;
  const { chain, id, pid, tag, institution } = record;
  const view = { record: id, pid, tag, institution };
  const { slip } = await proveVersion(session, chain, view, version, input.parts);
  const found = await findRecord(session, { chain, slip, addressKey: keys.addressKey });
  try {
    return await openLabel({ ss64: keys.ss64, record: found.head });
  } finally {
    await (await found.open()).body.cancel().catch(() => undefined);
  }
}

/** Labels by the id of their record, the one that was learnt last: what requests, grants and logs name. */
export const byRecord = (labels: Labels): ReadonlyMap<string, RecordLabel> =>
  new Map(
    [...labels.values()]
      .toSorted((one, other) => one.time - other.time)
      .map(({ record, label }) => [record, label]),
  );
