import { equalBytes } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { newVersion } from "../newVersion.ts";
import { reject } from "../outcome.ts";

/**
 * A doctor of the institution puts a new version beside the newest one, under the original's pid and tag. A patient's own
 * record is not a doctor's to amend. Spec: docs/spec/slips.md S-32.
 */
export const recordAmend: Kind<"record.amend"> = {
  apply(state, { fields }, { carrier, sequence }) {
    const first = state.record(fields.record);
    if (first === undefined) return reject("RECORD_UNKNOWN");
    if (first.institution !== carrier) return reject("WRONG_INSTITUTION");
    if (!equalBytes(first.pid, fields.pid) || !equalBytes(first.tag, fields.tag))
      return reject("RECORD_OF_ANOTHER_VISIT");
    if (first.kind === "record.own") return reject("NOT_AUTHORISED");

    return newVersion(state, fields, sequence);
  },
  index: "none",
  history: "none",
};
