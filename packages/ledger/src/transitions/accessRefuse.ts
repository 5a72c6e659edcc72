import { equalBytes, fromHex, sha256, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { markFact } from "../facts.ts";
import { accept, fact, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/**
 * Whoever could open the request refuses it by showing r, under a key used once; so a refusal names nobody.
 * Spec: docs/spec/slips.md S-43.
 */
export const accessRefuse: Transition<"access.refuse"> = (state, { fields, id }, { time }) => {
  const requestId = toHex(fields.request);
  const request = state.request(requestId);
  if (request === undefined) return reject("REQUEST_UNKNOWN");
  const key = stateKeys.refusal(requestId);
  if (state.has(key)) return reject("REQUEST_CLOSED");
  if (!equalBytes(sha256(fields.r), request.refusal)) return reject("REFUSAL_SECRET_WRONG");

  return accept(fact("usage", key, markFact.encode({ slip: fromHex(id), time })));
};
