import { equalBytes } from "@anamnesis/crypto/verify";
import type { SlipCode } from "@anamnesis/protocol";
import type { LedgerView } from "./view.ts";

type Refusal = Exclude<SlipCode, "OK">;

/**
 * That the key which a slip shows signs for this visit now, over what earlier slips of the block wrote: a claim counts from the
 * next slip on. Whether the slip is signed under that key was judged before, by the slip alone. Spec: docs/spec/slips.md S-39.
 *
 * @param ofAnother - What is answered for a key of another visit or of none.
 */
export function refuseSigner(
  state: LedgerView,
  { key, pid }: { readonly key: Uint8Array; readonly pid: Uint8Array },
  ofAnother: Refusal,
): Refusal | undefined {
  if (!equalBytes(state.pidOfKey(key), pid)) return ofAnother;
  return state.isReplaced(key) ? "VISIT_KEY_REPLACED" : undefined;
}

/** The same for the visit of a record. */
export function refuseRecordSigner(
  state: LedgerView,
  { key, record }: { readonly key: Uint8Array; readonly record: Uint8Array },
): Refusal | undefined {
  const first = state.record(record);
  if (first === undefined) return "RECORD_UNKNOWN";
  return refuseSigner(state, { key, pid: first.pid }, "RECORD_OF_ANOTHER_VISIT");
}
