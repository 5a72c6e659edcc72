import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, decodeSlip, disputeReason, pidOf, verifySlip } from "@anamnesis/protocol";
import type { DisputeReason } from "@anamnesis/protocol";
import { disputeSlip } from "../disputeSlip.ts";
import type { WrittenItem } from "../items.ts";
import type { Session } from "../session.ts";
import { writtenRecord } from "./authoredRecords.ts";
import { askMembers } from "../members/ask.ts";

/**
 * Keeps why a patient disputes what was written here. That there is a dispute is believed of the chain alone; the words
 * count only if the visit's own slip commits to them as they came. Words that do not fit are not kept, but that some
 * came is; they never take the place of words that fit.
 *
 * @returns the record's id.
 * @throws {AnamnesisError} RECORD_UNKNOWN; PROOF_INVALID when the chain holds no such dispute, or one of other words;
 * UNAVAILABLE.
 */
export async function takeDispute(
  session: Session,
  body: Uint8Array,
  sealed: Uint8Array,
): Promise<string> {
  const reason = disputeReason.decode(body);
  const record = toHex(reason.record);
  const digest = toHex(reason.digest);
  const { items } = session.device;
  if ((await items.get("written", record)) === undefined)
    throw new AnamnesisError(
      "RECORD_UNKNOWN",
      "A dispute is about a record that was not written here",
    );
  const { item, view } = await writtenRecord(session, record);
  if (!view.disputed.includes(digest))
    throw new AnamnesisError(
      "PROOF_INVALID",
      "A dispute in the box is not one that the chain holds",
    );
  const fits = await isCommitted(session, item, reason, sealed);
  if (fits || item.disputes[digest] === undefined)
    await items.put("written", record, {
      ...item,
      disputes: { ...item.disputes, [digest]: fits ? reason.text : null },
    });
  if (!fits)
    throw new AnamnesisError(
      "PROOF_INVALID",
      "The reason in the box is not the one that the patient's dispute commits to",
    );
  return record;
}

/** Whether the slip to which these very bytes belong is there, signed by the record's visit. */
async function isCommitted(
  session: Session,
  item: WrittenItem,
  reason: DisputeReason,
  sealed: Uint8Array,
): Promise<boolean> {
  if (reason.chain !== item.chain || pidOf(reason.key) !== item.pid) return false;
  const { id } = disputeSlip(reason, sealed);
  try {
    const found = await askMembers(session, item.chain, (node) => node.slip(item.chain, id));
    const slip = decodeSlip(found.slip);
    return slip.id === id && verifySlip(slip, reason.key);
  } catch (error) {
    if (error instanceof AnamnesisError && error.code !== "UNAVAILABLE") return false;
    throw error;
  }
}
