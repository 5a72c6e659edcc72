import { equalBytes } from "@anamnesis/crypto/verify";
import type { SlipCode, SlipFields } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import type { Outcome } from "../outcome.ts";
import { rows } from "../rows.ts";
import type { LedgerView } from "../view.ts";
import { refuseRecordSigner } from "../visitSigner.ts";

/** The patient confirms one version of a record, once, with the key of its visit. Spec: docs/spec/slips.md S-33. */
export const recordConfirm: Kind<"record.confirm"> = {
  apply: (state, { fields }, { sequence }) =>
    judge(state, fields, { row: rows.confirmation, already: "ALREADY_CONFIRMED", sequence }),
  index: "none",
  history: "none",
};

/**
 * What confirming and disputing share: the record is of the visit whose key signs, the digest one of its versions, and nothing
 * of this kind was said of its content.
 */
export function judge(
  state: LedgerView,
  fields: Pick<SlipFields<"record.confirm">, "key" | "record" | "digest">,
  {
    row,
    already,
    sequence,
  }: {
    readonly row: typeof rows.confirmation | typeof rows.dispute;
    readonly already: Exclude<SlipCode, "OK">;
    readonly sequence: number;
  },
): Outcome {
  const { record, digest } = fields;
  const refused = refuseRecordSigner(state, fields);
  if (refused !== undefined) return reject(refused);
  const version = state.versions(record).find((each) => equalBytes(each.digest, digest));
  if (version === undefined) return reject("DIGEST_UNKNOWN");
  if (state.isJudged(row, record, version)) return reject(already);

  return accept(fact(row, row.key(record, digest), sequence));
}
