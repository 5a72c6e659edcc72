import { equalBytes } from "@anamnesis/crypto/verify";
import { InvariantError, fingerprintFrom, slipIdFrom } from "@anamnesis/protocol";
import type { Kind } from "../context.ts";
import { accept, fact, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * The reader opened what the intent announced, with answers of these proxies. Needs that intent, not a live grant. Spec:
 * docs/spec/slips.md S-45.
 */
export const usageDone: Kind<"usage.done"> = {
  apply(state, { fields }, { sequence }) {
    const intent = state.intent(fields.intent);
    if (intent === undefined) return reject("INTENT_UNKNOWN");
    if (!equalBytes(intent.fields.cert, fields.cert)) return reject("INTENT_OF_ANOTHER_READER");
    if (!areSomeOf(fields.proxies, intent.fields.proxies)) return reject("PROXIES_NOT_OF_INTENT");
    const key = rows.done.key(fields.intent);
    if (state.has(key)) return reject("INTENT_DONE");

    return accept(fact(rows.done, key, sequence));
  },
  index({ fields }, state) {
    const intent = state.intent(fields.intent);
    if (intent === undefined) throw new InvariantError("a usage.done stands without its intent");
    return [indexKey(rows.byGrant, intent.fields.gid)];
  },
  history: ({ kind, fields: { cert, intent, proxies } }) => ({
    kind,
    reader: fingerprintFrom(cert),
    intent: slipIdFrom(intent),
    proxies,
  }),
};

/** Ascending, so that none stands twice, and each among `all`. */
const areSomeOf = (some: readonly number[], all: readonly number[]): boolean =>
  some.every((index, i) => all.includes(index) && (i === 0 || index > some[i - 1]!));
