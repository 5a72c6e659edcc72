import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { markFact } from "../facts.ts";
import { accept, fact, indexEntry, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/** The reader opened what the intent announced. Needs that intent, not a live grant. Spec: docs/spec/slips.md S-45. */
export const usageDone: Transition<"usage.done"> = (state, { fields, id }, { sequence, time }) => {
  const intentId = toHex(fields.intent);
  const intent = state.intent(intentId);
  if (intent === undefined) return reject("INTENT_UNKNOWN");
  if (!equalBytes(intent.reader, fields.cert)) return reject("INTENT_OF_ANOTHER_READER");
  const key = stateKeys.done(intentId);
  if (state.has(key)) return reject("INTENT_DONE");

  const slip = fromHex(id);
  return accept(
    fact("usage", key, markFact.encode({ slip, time })),
    indexEntry(stateKeys.byGrant(toHex(intent.gid), sequence), slip),
  );
};
