import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { recordFact } from "../facts.ts";
import { accept, fact, indexEntry, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/**
 * A doctor of the institution adds a record to an open visit. The record's id is this slip's id.
 * Spec: docs/spec/slips.md S-31.
 */
export const recordSubmit: Transition<"record.submit"> = (
  state,
  { fields, id },
  { carrier, sequence, time },
) => {
  const pid = toHex(fields.pid);
  const session = state.session(pid);
  if (session === undefined) return reject("SESSION_UNKNOWN");
  if (session.institution !== carrier) return reject("WRONG_INSTITUTION");

  const { tag, digest, sealedId, cert: author } = fields;
  const slip = fromHex(id);
  return accept(
    fact(
      "records",
      stateKeys.record(id),
      recordFact.encode({
        institution: carrier,
        pid: fields.pid,
        tag,
        slip,
        digest,
        sealedId,
        author,
        time,
      }),
    ),
    indexEntry(stateKeys.byTag(toHex(tag), sequence), slip),
    indexEntry(stateKeys.byPid(pid, sequence), slip),
  );
};
