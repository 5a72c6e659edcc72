import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { intentFact } from "../facts.ts";
import { accept, fact, indexEntry, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/**
 * A reader is about to open what a grant allows. Without this slip on the chain no proxy answers, and without a grant
 * that is live in this very state the slip is refused. Spec: docs/spec/slips.md S-44. Keeps invariant I3.
 */
export const usageIntent: Transition<"usage.intent"> = (
  state,
  { fields, id },
  { genesis, sequence, time },
) => {
  const gid = toHex(fields.gid);
  const grant = state.grant(gid);
  if (grant === undefined) return reject("GRANT_UNKNOWN");
  if (grant.revokedAt !== 0) return reject("GRANT_REVOKED");
  if (time >= grant.expiresAt) return reject("GRANT_EXPIRED");
  const known = genesis.consortium?.proxies ?? [];
  if (!fields.proxies.every((index) => known.some((proxy) => proxy.index === index)))
    return reject("PROXY_UNKNOWN");

  const { cert: reader, proxies, commitment } = fields;
  return accept(
    fact(
      "usage",
      stateKeys.intent(id),
      intentFact.encode({ gid: fields.gid, reader, proxies, commitment, time }),
    ),
    indexEntry(stateKeys.byGrant(gid, sequence), fromHex(id)),
  );
};
