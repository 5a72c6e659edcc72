import { equalBytes } from "@anamnesis/crypto/verify";
import { fingerprintFrom, isAction, isReader, limits, readerCommitment } from "@anamnesis/protocol";
import type { Slip } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, fact, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";
import type { LedgerView } from "../view.ts";

const MINUTE_MS = 60_000;

/**
 * A reader is about to open what a grant allows. Without this slip on the chain no proxy answers, and the slip is refused
 * without a grant that is live in this very state, and to whom that grant is not for. Spec: docs/spec/slips.md S-44. Keeps
 * invariant I3.
 */
export const usageIntent: Kind<"usage.intent"> = {
  apply(state, { fields }, { genesis, sequence, time }) {
    const grant = state.grant(fields.gid);
    if (grant === undefined) return reject("GRANT_UNKNOWN");
    if (grant.revokedAt !== 0) return reject("GRANT_REVOKED");
    if (time >= grant.expiresAt) return reject("GRANT_EXPIRED");
    if (!equalBytes(readerCommitment(fields), grant.reader)) return reject("READER_NOT_OPENED");
    const certificate = state.certificate(fields.cert);
    if (
      certificate === undefined ||
      !isReader(fields.reader, { ...certificate, fingerprint: fields.cert })
    )
      return reject("NOT_THE_READER");
    if (!isAction(fields.action)) return reject("ACTION_UNKNOWN");
    const known = genesis.consortium?.proxies ?? [];
    if (!fields.proxies.every((index) => known.some((proxy) => proxy.index === index)))
      return reject("PROXY_UNKNOWN");
    const key = freePlace(state, fields, Math.floor(time / MINUTE_MS));
    if (key === undefined) return reject("TOO_MANY_INTENTS");

    return accept(fact(rows.intent, key, sequence));
  },
  index: ({ fields }) => [indexKey(rows.byGrant, fields.gid)],
  history: ({ kind, fields: { cert } }) => ({ kind, reader: fingerprintFrom(cert) }),
};

/** The first place that no intent has taken under this grant and certificate in this minute; `undefined`: none is left. */
function freePlace(
  state: LedgerView,
  { gid, cert }: Slip<"usage.intent">["fields"],
  minute: number,
): string | undefined {
  const keyAt = (place: number): string => rows.intent.key(gid, cert, minute, place);
  const last = keyAt(limits.intentsPerMinute - 1);
  if (state.has(last)) return undefined;
  let place = 0;
  while (state.has(keyAt(place))) place += 1;
  return keyAt(place);
}
