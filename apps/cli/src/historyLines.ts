import type { ReadHistory } from "@anamnesis/client";
import { isCurrent, topics } from "@anamnesis/fhir/history";
import type { Fact, Topic } from "@anamnesis/fhir/history";
import { countOf } from "./countOf.ts";

const TITLES: Readonly<Record<Topic, string>> = {
  problems: "Problems",
  allergies: "Allergies",
  medicines: "Medicines",
  immunizations: "Immunizations",
  results: "Results",
  visits: "Visits",
};

/** Stands under every history: what was not shared is not known to be absent. */
export const MAY_BE_MORE = "There may be more that was not shared with whoever reads this.";

/** A history for people: each fact in a line, what the sources differ in below it. */
export function historyLines(read: ReadHistory): string[] {
  const { facts, institutions, records, notRead, suppressed } = read.history;
  return [
    `Out of ${countOf(records, "record")} of ${countOf(institutions.length, "institution")}: ${institutions.join(", ")}`,
    ...topics.flatMap((topic) => ["", ...topicLines(topic, facts[topic])]),
    "",
    ...(notRead.length === 0
      ? []
      : [`${countOf(notRead.length, "record")} to be read by themselves: ${notRead.join(", ")}`]),
    ...failedLines(read),
    `Left out: ${suppressed.enteredInError} entered in error, ${suppressed.superseded} changed later.`,
    MAY_BE_MORE,
  ];
}

/** What did not open, and so is not in it. */
export const failedLines = ({ failed }: ReadHistory): string[] =>
  failed.map(({ id, code, message }) => `${id} not opened: ${code}: ${message}`);

function topicLines(topic: Topic, facts: readonly Fact[]): string[] {
  const title = `${TITLES[topic]} (${facts.length})`;
  return [
    title,
    ...(facts.length === 0 ? ["  Nothing in these records"] : facts.flatMap(factLines)),
  ];
}

function factLines(fact: Fact): string[] {
  const { label, value, unit, flag, date, end, status, said, differences } = fact;
  const shown = [value, unit, flag].filter((part) => part !== undefined && part !== "").join(" ");
  const when = [date, end].filter((part) => part !== undefined).map((part) => part.slice(0, 10));
  const state =
    status === "" || fact.topic === "results" || fact.topic === "visits" ? "" : `, ${status}`;
  const by = [...new Set(said.map(({ institution }) => institution))].join(", ");
  return [
    `  ${isCurrent(fact) || fact.topic === "results" ? "" : "(past) "}${label}${shown === "" ? "" : `: ${shown}`}${when.length === 0 ? "" : ` (${when.join(" – ")})`}${state} – ${by}`,
    ...differences.map(
      ({ element, words }) =>
        `    sources differ on ${element}: ${words
          .map(
            (word) =>
              `${word.value} (${word.said.map(({ institution }) => institution).join(", ")})`,
          )
          .join("; ")}`,
    ),
  ];
}
