import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import { rows } from "../rows.ts";
import { refuseJudgement } from "./recordConfirm.ts";

/** The patient disputes one version of a record, once; the reason went sealed to its author. Spec: docs/spec/slips.md S-34. */
export const recordDispute: Kind<"record.dispute"> = {
  apply(state, { fields }, { sequence }) {
    const refused = refuseJudgement(state, fields);
    if (refused !== undefined) return reject(refused);
    const key = rows.dispute.key(fields.record, fields.digest);
    if (state.has(key)) return reject("ALREADY_DISPUTED");

    return accept(fact(rows.dispute, key, sequence));
  },
  index: "none",
  history: "none",
};
