import type { Slip } from "@anamnesis/protocol";
import type { StoredSlip } from "./codecs.ts";
import { hexKey, numberKey } from "./keys.ts";
import { kindOf } from "./kindTable.ts";
import { rows } from "./rows.ts";
import type { Writes } from "./state.ts";
import type { LedgerView } from "./view.ts";

/**
 * The keys of the entries, without values, that lead to a slip at its place: each `key of the kind ‖ sequence`.
 * @param state - That after the slip.
 */
export function indexEntriesOf(slip: Slip, sequence: number, state: LedgerView): string[] {
  const { index } = kindOf(slip);
  return index === "none" ? [] : index(slip, state).map((key) => key + numberKey(sequence));
}

/** Writes an accepted slip, once, and what leads to it. */
export function placeSlip(
  slip: Slip,
  place: Omit<StoredSlip, "bytes">,
  { sequence, writes, after }: { sequence: number; writes: Writes; after: LedgerView },
): void {
  writes.set(rows.slip.key(sequence), rows.slip.encode({ bytes: slip.bytes, ...place }));
  writes.set(rows.slipId.prefix + hexKey(slip.id), rows.slipId.encode(sequence));
  for (const key of indexEntriesOf(slip, sequence, after)) writes.set(key, noValue);
}

const noValue = new Uint8Array(0);
