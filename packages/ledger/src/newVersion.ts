import { equalBytes } from "@anamnesis/crypto/verify";
import { accept, fact, reject } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";
import { rows } from "./rows.ts";
import type { LedgerView } from "./view.ts";

/**
 * A new version beside the newest one, which the slip names by its digest. A digest that a version has already is refused, so
 * that what was confirmed can never come back as something new.
 */
export function newVersion(
  state: LedgerView,
  fields: { readonly record: Uint8Array; readonly before: Uint8Array; readonly digest: Uint8Array },
  sequence: number,
): Outcome {
  const { record } = fields;
  const versions = state.versions(record);
  const newest = versions.at(-1);
  if (newest === undefined || !equalBytes(newest.digest, fields.before))
    return reject("DIGEST_NOT_NEWEST");
  if (versions.some(({ digest }) => equalBytes(digest, fields.digest)))
    return reject("DIGEST_EXISTS");

  return accept(fact(rows.version, rows.version.key(record, versions.length), sequence));
}
