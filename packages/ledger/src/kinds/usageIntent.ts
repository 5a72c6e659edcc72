import { fingerprintFrom } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * A reader is about to open what a grant allows. Without this slip on the chain no proxy answers, and without a grant
 * that is live in this very state the slip is refused. Spec: docs/spec/slips.md S-44. Keeps invariant I3.
 */
export const usageIntent: Kind<"usage.intent"> = {
  apply(state, { fields }, { genesis, time }) {
    const grant = state.grant(fields.gid);
    if (grant === undefined) return reject("GRANT_UNKNOWN");
    if (grant.revokedAt !== 0) return reject("GRANT_REVOKED");
    if (time >= grant.expiresAt) return reject("GRANT_EXPIRED");
    const known = genesis.consortium?.proxies ?? [];
    if (!fields.proxies.every((index) => known.some((proxy) => proxy.index === index)))
      return reject("PROXY_UNKNOWN");

    return accept();
  },
  index: ({ fields }) => [indexKey(rows.byGrant, fields.gid)],
  history: ({ kind, fields: { cert } }) => ({ kind, reader: fingerprintFrom(cert) }),
};
