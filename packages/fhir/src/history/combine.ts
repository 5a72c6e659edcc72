import { factOf, isCurrent, withDenials } from "./facts.ts";
import { topics } from "./model.ts";
import type { Fact, History, HistorySource, Topic } from "./model.ts";
import { compareDates } from "./reading.ts";
import { groupByFact } from "./sameFact.ts";
import { collectStatements } from "./statements.ts";

/**
 * One history out of records of many institutions (seed `000`, algorithm 3, *Combine*): problems, allergies, medicines,
 * immunizations, results and visits. The same fact stands once with all who say it; what they contradict each other in is
 * told and not decided; what was entered in error and earlier states are left out and counted. docs/spec/history.md states it.
 *
 * It refuses nothing and judges nothing: each word is a source's own. The same sources in any order give the same history.
 *
 * @param sources - The newest version of each record; who calls leaves older ones out.
 */
export function combine(sources: readonly HistorySource[]): History {
  const { statements, patients, enteredInError, superseded } = collectStatements(sources);
  const facts = groupByFact(statements).map(factOf);
  const byTopic = Object.groupBy(facts, ({ topic }) => topic);
  return {
    facts: Object.fromEntries(
      topics.map((topic) => [topic, inOrder(withDenials(byTopic[topic] ?? []))]),
    ) as Record<Topic, Fact[]>,
    institutions: [...new Set(sources.map(({ institution }) => institution))].toSorted(),
    records: sources.length,
    notRead: sources.filter(({ content }) => content === undefined).map(({ record }) => record),
    suppressed: { enteredInError, superseded },
    patients,
  };
}

/** What is so before what was so, and then the newest first. */
function inOrder(facts: readonly Fact[]): Fact[] {
  return facts.toSorted(
    (a, b) =>
      Number(isCurrent(b)) - Number(isCurrent(a)) ||
      compareDates(dateOf(b), dateOf(a)) ||
      (a.label < b.label ? -1 : a.label > b.label ? 1 : 0),
  );
}

const dateOf = ({ date, said }: Fact): string => date ?? said[0]?.asOf ?? "";
