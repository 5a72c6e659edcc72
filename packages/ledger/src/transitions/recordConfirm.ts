import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import { pidOf } from "@anamnesis/protocol";
import type { SlipCode } from "@anamnesis/protocol";
import type { Transition } from "../context.ts";
import { markFact } from "../facts.ts";
import { accept, fact, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";
import type { LedgerView } from "../view.ts";

/** The patient confirms one version of a record, once, with the key of its visit. Spec: docs/spec/slips.md S-33. */
export const recordConfirm: Transition<"record.confirm"> = (state, { fields, id }, { time }) => {
  const refused = refuseJudgement(state, fields);
  if (refused !== undefined) return reject(refused);
  const key = stateKeys.confirmation(toHex(fields.record), toHex(fields.digest));
  if (state.has(key)) return reject("ALREADY_CONFIRMED");

  return accept(fact("records", key, markFact.encode({ slip: fromHex(id), time })));
};

/** What confirming and disputing share: the record is of the visit whose key signs, and the digest one of its versions. */
export function refuseJudgement(
  state: LedgerView,
  fields: { readonly key: Uint8Array; readonly record: Uint8Array; readonly digest: Uint8Array },
): Exclude<SlipCode, "OK"> | undefined {
  const id = toHex(fields.record);
  const record = state.record(id);
  if (record === undefined) return "RECORD_UNKNOWN";
  if (toHex(record.pid) !== pidOf(fields.key)) return "RECORD_OF_ANOTHER_VISIT";
  if (!state.versions(id).some(({ digest }) => equalBytes(digest, fields.digest)))
    return "DIGEST_UNKNOWN";
  return undefined;
}
