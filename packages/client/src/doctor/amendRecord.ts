import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { parseRecordName } from "../recordVersion.ts";
import type { Session } from "../session.ts";
import { writtenRecord } from "./authoredRecords.ts";
import type { RecordsInput } from "./prepareRecords.ts";
import { submitRecords } from "./submitRecords.ts";
import type { ImportedRecord } from "./submitRecords.ts";
import { openToken } from "./tokens.ts";
import { sealAndStore } from "./writeRecords.ts";

/**
 * A new version of a record that this doctor wrote, under its pid and tag. It is unconfirmed until the patient confirms it.
 *
 * @throws {AnamnesisError} NOT_FOUND when this device did not write it or lacks its visit token; BAD_REQUEST when the
 * file gives several records, or is sensitive where the record is not: it keeps its tag, so that needs a new record;
 * DIGEST_NOT_NEWEST when somebody amended it meanwhile. @throws {FhirError}
 */
export async function amendRecord(
  session: Session,
  input: RecordsInput & { readonly record: string },
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
  const { prepareRecords } = await import("./prepareRecords.ts");
  const { records } = await prepareRecords(session, { ...input, category: item.category });
  const [only, other] = records;
  if (only === undefined || other !== undefined)
    throw new AnamnesisError(
      "BAD_REQUEST",
      `The file gives ${records.length} records, want one (take it whole)`,
    );
  if (only.record.sensitive && !item.sensitive)
    throw new AnamnesisError(
      "BAD_REQUEST",
      "An amendment cannot make a record sensitive, want a new record",
    );
  const stored = await sealAndStore(session, {
    ...only,
    description: { ...only.record, sensitive: item.sensitive },
    token: openToken(tokenItem),
    amends: { item, view },
  });
  if (toHex(stored.tag) !== item.tag)
    throw new AnamnesisError(
      "RECORD_OF_ANOTHER_VISIT",
      "The visit token at hand is of another tag than the record",
    );
  const [amended] = await submitRecords(session, [stored]);
  return amended as ImportedRecord & { readonly slip: string };
}
