import type { Kind } from "../context.ts";
import { accept, indexKey } from "../outcome.ts";
import { rows } from "../rows.ts";

/** A certified reader asks; the sealed body lies in the patient's box, here stands its digest. Spec: docs/spec/slips.md S-42. */
export const accessRequest: Kind<"access.request"> = {
  apply: () => accept(),
  index: ({ fields }) => [indexKey(rows.byBody, fields.body)],
  history: "none",
};
