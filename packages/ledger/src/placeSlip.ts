import { AnamnesisError } from "@anamnesis/protocol";
import type { Slip } from "@anamnesis/protocol";
import type { StoredSlip } from "./codecs.ts";
import { hexKey, numberKey } from "./keys.ts";
import { kindOf } from "./kindTable.ts";
import { rows } from "./rows.ts";
import type { StateView, Writes } from "./state.ts";
import { LedgerView } from "./view.ts";

/**
 * The keys of the entries, without values, that lead to a slip at its place: each `key of the kind ‖ sequence`.
 * @param state - That after the slip.
 */
export function indexEntriesOf(slip: Slip, sequence: number, state: LedgerView): string[] {
  const { index } = kindOf(slip);
  return index === "none" ? [] : index(slip, state).map((key) => key + numberKey(sequence));
}

/** The entries without a root of their own that lead to a slip at its place: its id's, then those of the indices. */
function leadingTo(slip: Slip, sequence: number, state: LedgerView): [string, Uint8Array][] {
  const entries = indexEntriesOf(slip, sequence, state).map((key): [string, Uint8Array] => [
    key,
    noValue,
  ]);
  entries.unshift([rows.slipId.prefix + hexKey(slip.id), rows.slipId.encode(sequence)]);
  return entries;
}

/**
 * Those of the slip at a sequence, made from the slip again.
 * @throws {AnamnesisError} STORE_CORRUPT where there is no slip; SLIP_MALFORMED for one that cannot be read.
 */
export function entriesAt(state: StateView, sequence: number): [string, Uint8Array][] {
  const view = new LedgerView(state);
  const placed = view.slipAt(sequence);
  if (placed === undefined)
    throw new AnamnesisError("STORE_CORRUPT", "A slip of the chain is missing");
  return leadingTo(placed.slip, sequence, view);
}

/** Writes an accepted slip, once, and what leads to it. */
export function placeSlip(
  slip: Slip,
  place: Omit<StoredSlip, "bytes">,
  { sequence, writes, after }: { sequence: number; writes: Writes; after: LedgerView },
): void {
  writes.set(rows.slip.key(sequence), rows.slip.encode({ bytes: slip.bytes, ...place }));
  for (const [key, value] of leadingTo(slip, sequence, after)) writes.set(key, value);
}

const noValue = new Uint8Array(0);
