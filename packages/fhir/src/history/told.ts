import { isCurrent } from "./facts.ts";
import { topics } from "./model.ts";
import type { Fact, History, Topic } from "./model.ts";

/** A fact as plain data: without the resource that it was read from. */
export interface ToldFact extends Omit<Fact, "statement"> {
  /** FHIR's name of what it was read from. */
  readonly resourceType: string;
  /** Whether the newest statement says that it still is so. */
  readonly current: boolean;
}

/** A history as plain data, for JSON and for a screen. */
export interface ToldHistory extends Omit<History, "facts" | "patients"> {
  readonly facts: Readonly<Record<Topic, readonly ToldFact[]>>;
}

export function tellHistory(history: History): ToldHistory {
  const { facts, institutions, records, notRead, suppressed } = history;
  const told = topics.map((topic) => [topic, facts[topic].map(tellFact)] as const);
  return {
    facts: Object.fromEntries(told) as Record<Topic, ToldFact[]>,
    institutions,
    records,
    notRead,
    suppressed,
  };
}

function tellFact(fact: Fact): ToldFact {
  const { statement, ...told } = fact;
  return { ...told, resourceType: statement.resource.resourceType, current: isCurrent(fact) };
}
