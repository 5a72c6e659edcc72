import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { authorFact } from "../facts.ts";
import { accept, fact, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/** An author rereads a version that they wrote; the patient finds it by pid. Spec: docs/spec/slips.md S-47. */
export const usageAuthor: Transition<"usage.author"> = (state, { fields, id }, { time }) => {
  const record = toHex(fields.record);
  const first = state.record(record);
  if (first === undefined) return reject("RECORD_UNKNOWN");
  if (!equalBytes(first.pid, fields.pid)) return reject("RECORD_OF_ANOTHER_VISIT");
  const version = state.versions(record).find(({ digest }) => equalBytes(digest, fields.digest));
  if (version === undefined) return reject("DIGEST_UNKNOWN");
  if (!equalBytes(version.author, fields.cert)) return reject("NOT_AUTHORISED");

  const { cert: author, digest } = fields;
  return accept(
    fact(
      "usage",
      stateKeys.author(toHex(fields.pid), id),
      authorFact.encode({ record: fields.record, digest, author, time }),
    ),
  );
};
