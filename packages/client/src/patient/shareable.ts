import { toHex } from "@anamnesis/crypto/verify";
import { isForTreatment } from "@anamnesis/protocol";
import type { AccessRequest, Action, Purpose } from "@anamnesis/protocol";
import type { OwnRecord } from "./records.ts";

/** What may be shared for this purpose. */
export const shareableFor = (own: readonly OwnRecord[], purpose: Purpose): readonly OwnRecord[] =>
  own.filter(({ record }) => isForTreatment(purpose) || record.state === "confirmed");

/** What a choice means; `undefined`: no choice, so all. What is sensitive is chosen by name, or where `sensitive` says so. */
export const chosenFrom = (
  shareable: readonly OwnRecord[],
  { categories, records, sensitive }: Choice,
): readonly OwnRecord[] =>
  shareable.filter(
    ({ record }) =>
      (categories?.includes(record.category) ?? true) &&
      (records?.includes(record.id) ?? (sensitive || record.sensitive === false)),
  );

interface Choice {
  readonly categories: readonly string[] | undefined;
  readonly records: readonly string[] | undefined;
  readonly sensitive: boolean;
}

/** What a grant gives: its records, and whether it is limited to them. */
interface Given {
  readonly records: readonly OwnRecord[];
  readonly limited: boolean;
  readonly actions: readonly Action[];
  readonly purpose: Purpose;
}

/**
 * Whether a grant to the same reader gives all that a request asks for: every record that it means now, its purpose and
 * its actions. Until when is the owner's choice. A request by category is not answered by a list of records, which opens
 * nothing that comes later.
 */
export function covers(given: Given, asked: AccessRequest, own: readonly OwnRecord[]): boolean {
  const records = asked.records?.map(toHex);
  const categories = asked.categories ?? undefined;
  const { sensitive } = asked;
  const wanted = chosenFrom(shareableFor(own, asked.purpose), { categories, records, sensitive });
  const ids = new Set(given.records.map(({ record }) => record.id));
  return (
    asked.reader.kind === "certificate" &&
    asked.purpose === given.purpose &&
    asked.actions.every((action) => given.actions.includes(action)) &&
    (records !== undefined || !given.limited || !isForTreatment(given.purpose)) &&
    wanted.length > 0 &&
    wanted.length >= (records?.length ?? 0) &&
    wanted.every(({ record }) => ids.has(record.id))
  );
}
