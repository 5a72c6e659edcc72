import type { Kind } from "../context.ts";
import { rows } from "../rows.ts";
import { judge } from "./recordConfirm.ts";

/** The patient disputes one version of a record, once; the reason went sealed to its author. Spec: docs/spec/slips.md S-34. */
export const recordDispute: Kind<"record.dispute"> = {
  apply: (state, { fields }, { sequence }) =>
    judge(state, fields, { row: rows.dispute, already: "ALREADY_DISPUTED", sequence }),
  index: "none",
  history: "none",
};
