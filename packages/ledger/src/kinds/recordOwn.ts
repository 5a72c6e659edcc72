import { fromHex } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, fact, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";
import { refuseSigner } from "../visitSigner.ts";

/**
 * A patient adds a record of their own to an open visit. Its author is the pid, and it is confirmed as it comes; nobody
 * amends it. Spec: docs/spec/slips.md S-36.
 */
export const recordOwn: Kind<"record.own"> = {
  apply(state, { id, fields }, { carrier, sequence }) {
    const session = state.session(fields.pid);
    if (session === undefined) return reject("SESSION_UNKNOWN");
    if (session.institution !== carrier) return reject("WRONG_INSTITUTION");
    const refused = refuseSigner(state, fields, "NOT_AUTHORISED");
    if (refused !== undefined) return reject(refused);

    const confirmed = rows.confirmation.key(fromHex(id), fields.digest);
    return accept(fact(rows.confirmation, confirmed, sequence));
  },
  index: ({ fields }) => [indexKey(rows.byTag, fields.tag), indexKey(rows.byPid, fields.pid)],
  history: "none",
};
