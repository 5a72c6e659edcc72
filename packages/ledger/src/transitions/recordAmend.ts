import { equalBytes, fromHex, toHex } from "@anamnesis/crypto/verify";
import type { Transition } from "../context.ts";
import { versionFact } from "../facts.ts";
import { accept, fact, reject } from "../outcome.ts";
import { stateKeys } from "../stateKeys.ts";

/**
 * A doctor of the institution puts a new version beside the newest one, under the original's pid and tag. A digest that
 * a version has already is refused, so that what was confirmed can never come back as something new.
 * Spec: docs/spec/slips.md S-32.
 */
export const recordAmend: Transition<"record.amend"> = (
  state,
  { fields, id },
  { carrier, time },
) => {
  const record = toHex(fields.record);
  const first = state.record(record);
  if (first === undefined) return reject("RECORD_UNKNOWN");
  if (first.institution !== carrier) return reject("WRONG_INSTITUTION");
  if (!equalBytes(first.pid, fields.pid) || !equalBytes(first.tag, fields.tag))
    return reject("RECORD_OF_ANOTHER_VISIT");
  const versions = state.versions(record);
  const newest = versions.at(-1);
  if (newest === undefined || !equalBytes(newest.digest, fields.before))
    return reject("DIGEST_NOT_NEWEST");
  if (versions.some(({ digest }) => equalBytes(digest, fields.digest)))
    return reject("DIGEST_EXISTS");

  const { digest, sealedId, cert: author } = fields;
  return accept(
    fact(
      "records",
      stateKeys.version(record, versions.length),
      versionFact.encode({ slip: fromHex(id), digest, sealedId, author, time }),
    ),
  );
};
