import type { Kind } from "../context.ts";
import { accept, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * A doctor of the institution adds a record to an open visit. The record's id is this slip's id, and the slip is the record:
 * no fact repeats it. Spec: docs/spec/slips.md S-31.
 */
export const recordSubmit: Kind<"record.submit"> = {
  apply(state, { fields }, { carrier }) {
    const session = state.session(fields.pid);
    if (session === undefined) return reject("SESSION_UNKNOWN");
    if (session.institution !== carrier) return reject("WRONG_INSTITUTION");

    return accept();
  },
  index: ({ fields }) => [indexKey(rows.byTag, fields.tag), indexKey(rows.byPid, fields.pid)],
  history: "none",
};
