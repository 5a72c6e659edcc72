import { equalBytes, sha256 } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * Whoever could open the request refuses it by showing r, under a key used once; so a refusal names nobody.
 * Spec: docs/spec/slips.md S-43.
 */
export const accessRefuse: Kind<"access.refuse"> = {
  apply(state, { fields }, { sequence }) {
    const request = state.request(fields.request);
    if (request === undefined) return reject("REQUEST_UNKNOWN");
    const key = rows.refusal.key(fields.request);
    if (state.has(key)) return reject("REQUEST_CLOSED");
    if (!equalBytes(sha256(fields.r), request.fields.refusal))
      return reject("REFUSAL_SECRET_WRONG");

    return accept(fact(rows.refusal, key, sequence));
  },
  index: "none",
  history: "none",
};
