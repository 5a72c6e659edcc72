import { equalBytes } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, indexKey, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/** An author rereads a version that they wrote; the patient finds it by pid. Spec: docs/spec/slips.md S-47. */
export const usageAuthor: Kind<"usage.author"> = {
  apply(state, { fields }) {
    const first = state.record(fields.record);
    if (first === undefined) return reject("RECORD_UNKNOWN");
    if (!equalBytes(first.pid, fields.pid)) return reject("RECORD_OF_ANOTHER_VISIT");
    const version = state
      .versions(fields.record)
      .find(({ digest }) => equalBytes(digest, fields.digest));
    if (version === undefined) return reject("DIGEST_UNKNOWN");
    if (!equalBytes(version.author, fields.cert)) return reject("NOT_AUTHORISED");

    return accept();
  },
  index: ({ fields }) => [indexKey(rows.byVisitRead, fields.pid)],
  history: "none",
};
