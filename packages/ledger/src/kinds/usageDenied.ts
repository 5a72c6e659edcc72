import { fingerprintFrom } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, fact, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

const MINUTE_MS = 60_000;

/**
 * A proxy refused a reader: at most one entry per gid, reader and minute of block time, whichever proxy comes first, and
 * also for grants that are dead. Spec: docs/spec/slips.md S-46. Keeps invariant I8.
 */
export const usageDenied: Kind<"usage.denied"> = {
  apply(state, { fields }, { before, sequence, time }) {
    if (before.certificate(fields.cert) === undefined) return reject("CERTIFICATE_UNKNOWN");
    const key = rows.denied.key(fields.gid, fields.cert, Math.floor(time / MINUTE_MS));
    if (state.has(key)) return reject("DENIED_TOO_OFTEN");

    return accept(fact(rows.denied, key, sequence));
  },
  index: ({ fields }) => [indexKey(rows.byGrant, fields.gid)],
  history: ({ kind, fields: { cert, proxy, code } }) => ({
    kind,
    reader: fingerprintFrom(cert),
    proxy,
    code,
  }),
};
