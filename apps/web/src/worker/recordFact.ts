import type { Summary } from "@anamnesis/fhir/summary";
import type { Fact } from "./port.ts";

const LETTERS_MAX = 80;

/**
 * The line that says most of a record: what its author marked as out of range, else its first measured value, else its first
 * condition or medicine. In the record's own words; nothing is judged here.
 */
export function factOf(summary: Summary | undefined): Fact | undefined {
  const rows = (summary?.sections ?? [])
    .filter(({ related, heading }) => related !== true && heading !== "visit")
    .flatMap((section) => section.rows)
    .filter(({ label, value }) => label !== "" && `${label}${value}`.length <= LETTERS_MAX);
  const found =
    rows.find(({ flag }) => flag !== undefined && flag !== "N") ??
    rows.find(({ unit }) => unit !== undefined) ??
    rows[0];
  if (found === undefined) return undefined;
  const { label, value, unit, flag } = found;
  return {
    label,
    value,
    ...(unit !== undefined && { unit }),
    ...(flag !== undefined && { flag }),
  };
}
