import { fromHex, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { RecordView } from "@anamnesis/protocol";
import { parseRecordName } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { haveKept } from "../storeObject.ts";
import { postSlip, signedSlip } from "../submit.ts";
import { prepareRecords } from "./importFile.ts";
import type { ImportedRecord, ImportInput } from "./importFile.ts";
import { writtenRecord } from "./authoredRecords.ts";
import { openToken } from "./tokens.ts";
import { keepLabel, notify, sealAndStore } from "./writeRecords.ts";

/**
 * A new version of a record that this doctor wrote, under its pid and tag. It is unconfirmed until the patient confirms it.
 *
 * @throws {AnamnesisError} NOT_FOUND when this device did not write it or lacks its visit token; BAD_REQUEST when the
 * file gives several records, or is sensitive where the record is not: it keeps its tag, so that needs a new record;
 * DIGEST_NOT_NEWEST when somebody amended it meanwhile. @throws {FhirError}
 */
export async function amendRecord(
  session: Session,
  input: Omit<ImportInput, "for"> & { readonly record: string },
): Promise<ImportedRecord & { readonly slip: string }> {
  const { device } = session;
  const { id } = parseRecordName(input.record);
  const { item, view } = await writtenRecord(session, id);
  const tokenItem = await device.items.get("token", item.pid);
  if (tokenItem === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      "This device has no token of the record's visit, want the patient to send it",
    );
  const prepared = await prepareRecords(session, { ...input, category: item.category });
  const [only, other] = prepared;
  if (only === undefined || other !== undefined)
    throw new AnamnesisError(
      "BAD_REQUEST",
      `The file gives ${prepared.length} records, want one (take it whole)`,
    );
  if (only.record.sensitive && !item.sensitive)
    throw new AnamnesisError(
      "BAD_REQUEST",
      "An amendment cannot make a record sensitive, want a new record",
    );
  const token = openToken(tokenItem);
  const stored = await sealAndStore(session, {
    description: { ...only.record, sensitive: item.sensitive },
    content: only.content,
    head: only.head,
    token,
  });
  if (toHex(stored.tag) !== item.tag)
    throw new AnamnesisError(
      "RECORD_OF_ANOTHER_VISIT",
      "The visit token at hand is of another tag than the record",
    );
  const [{ fingerprint }, { signing }] = await Promise.all([device.certificate(), device.keys()]);
  const fields = {
    institution: view.institution,
    cert: fromHex(fingerprint),
    pid: stored.pid,
    tag: stored.tag,
    record: fromHex(id),
    before: fromHex(newestDigest(view)),
    digest: stored.sealed.digest,
    sealedId: stored.sealedId,
  };
  const slip = signedSlip(session, {
    chain: item.chain,
    kind: "record.amend",
    fields,
    secretKey: signing.secretKey,
  });
  await postSlip(session, slip);
  const { title } = only.record;
  await device.items.put("written", id, { ...item, title });
  await keepLabel(session, id, stored);
  await Promise.all([
    haveKept(session, stored.held),
    notify(session, token, { record: id, slip: slip.id }),
  ]);
  return { id, pid: item.pid, chain: item.chain, category: item.category, title, slip: slip.id };
}

const newestDigest = (view: RecordView): string => view.versions.at(-1)?.digest ?? "";
