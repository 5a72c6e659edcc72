import { equalBytes, sha256 } from "@anamnesis/crypto/verify";
import type { SlipCode } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import { rows } from "../rows.ts";
import type { LedgerView } from "../view.ts";

/** The patient confirms one version of a record, once, with the key of its visit. Spec: docs/spec/slips.md S-33. */
export const recordConfirm: Kind<"record.confirm"> = {
  apply(state, { fields }, { sequence }) {
    const refused = refuseJudgement(state, fields);
    if (refused !== undefined) return reject(refused);
    const key = rows.confirmation.key(fields.record, fields.digest);
    if (state.has(key)) return reject("ALREADY_CONFIRMED");

    return accept(fact(rows.confirmation, key, sequence));
  },
  index: "none",
  history: "none",
};

/** What confirming and disputing share: the record is of the visit whose key signs, and the digest one of its versions. */
export function refuseJudgement(
  state: LedgerView,
  fields: { readonly key: Uint8Array; readonly record: Uint8Array; readonly digest: Uint8Array },
): Exclude<SlipCode, "OK"> | undefined {
  const record = state.record(fields.record);
  if (record === undefined) return "RECORD_UNKNOWN";
  if (!equalBytes(record.pid, sha256(fields.key))) return "RECORD_OF_ANOTHER_VISIT";
  if (!state.versions(fields.record).some(({ digest }) => equalBytes(digest, fields.digest)))
    return "DIGEST_UNKNOWN";
  return undefined;
}
