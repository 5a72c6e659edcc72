import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { deniedFact } from "../facts.ts";
import { accept, fact, indexEntry, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

const MINUTE_MS = 60_000;

/**
 * A proxy refused a reader: at most one entry per gid, reader and minute of block time, whichever proxy comes first, and
 * also for grants that are dead. Spec: docs/spec/slips.md S-46. Keeps invariant I8.
 */
export const usageDenied: Transition<"usage.denied"> = (
  state,
  { fields, id },
  { before, sequence, time },
) => {
  const reader = toHex(fields.cert);
  if (before.certificate(reader) === undefined) return reject("CERTIFICATE_UNKNOWN");
  const gid = toHex(fields.gid);
  const key = stateKeys.denied(gid, reader, Math.floor(time / MINUTE_MS));
  if (state.has(key)) return reject("DENIED_TOO_OFTEN");

  const slip = fromHex(id);
  return accept(
    fact("usage", key, deniedFact.encode({ slip, proxy: fields.proxy, code: fields.code, time })),
    indexEntry(stateKeys.byGrant(gid, sequence), slip),
  );
};
