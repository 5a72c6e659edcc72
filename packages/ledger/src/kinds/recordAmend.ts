import { equalBytes } from "@anamnesis/crypto/verify";
import type { Kind } from "../context.ts";
import { accept, fact, reject } from "../outcome.ts";
import { rows } from "../rows.ts";

/**
 * A doctor of the institution puts a new version beside the newest one, under the original's pid and tag. A digest that
 * a version has already is refused, so that what was confirmed can never come back as something new.
 * Spec: docs/spec/slips.md S-32.
 */
export const recordAmend: Kind<"record.amend"> = {
  apply(state, { fields }, { carrier, sequence }) {
    const { record } = fields;
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

    return accept(fact(rows.version, rows.version.key(record, versions.length), sequence));
  },
  index: "none",
  history: "none",
};
