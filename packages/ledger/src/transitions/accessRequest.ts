import { fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { requestFact } from "../facts.ts";
import { accept, fact, indexEntry } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/** A certified reader asks; the sealed body lies in the patient's box, here stands its digest. Spec: docs/spec/slips.md S-42. */
export const accessRequest: Transition<"access.request"> = (
  _state,
  { fields, id },
  { sequence, time },
) => {
  const { cert: reader, body, refusal } = fields;
  return accept(
    fact("usage", stateKeys.request(id), requestFact.encode({ reader, body, refusal, time })),
    indexEntry(stateKeys.byBody(toHex(body), sequence), fromHex(id)),
  );
};
