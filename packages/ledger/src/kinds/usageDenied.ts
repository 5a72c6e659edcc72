import { toHex } from "@anamnesis/crypto/verify";
import { fingerprintFrom } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, fact, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

const MINUTE_MS = 60_000;

/**
 * A proxy refused a reader: at most one entry per gid, reader, proxy and minute of block time, so that no proxy speaks in
 * another's place; also for grants that are dead. Spec: docs/spec/slips.md S-46. Keeps invariant I8.
 */
export const usageDenied: Kind<"usage.denied"> = {
  apply(state, { fields }, { before, sequence, time }) {
    if (before.certificate(fields.cert) === undefined) return reject("CERTIFICATE_UNKNOWN");
    const { gid, cert, proxy } = fields;
    const key = rows.denied.key(gid, cert, proxy, Math.floor(time / MINUTE_MS));
    if (state.has(key)) return reject("DENIED_TOO_OFTEN");

    return accept(fact(rows.denied, key, sequence));
  },
  index: ({ fields }) => [indexKey(rows.byGrant, fields.gid)],
  history: ({ kind, fields: { cert, proxy, code, evidence } }) => ({
    kind,
    reader: fingerprintFrom(cert),
    proxy,
    code,
    evidence: toHex(evidence),
  }),
};
