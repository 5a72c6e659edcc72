import type { ToldFact, Topic } from "@anamnesis/fhir/history";

/** In the order in which a reader looks: what may hurt first. */
export const topicsInOrder: readonly Topic[] = [
  "allergies",
  "problems",
  "medicines",
  "immunizations",
  "results",
  "visits",
];

/** A fact, and for what is measured again and again the earlier ones of its kind. */
export interface FactGroup {
  readonly fact: ToldFact;
  readonly earlier: readonly ToldFact[];
}

/** Results and vaccinations by what they are, the newest of each first; everything else by itself. */
export function groupFacts(topic: Topic, facts: readonly ToldFact[]): FactGroup[] {
  if (topic !== "results" && topic !== "immunizations")
    return facts.map((fact) => ({ fact, earlier: [] }));
  return [...Map.groupBy(facts, nameOf).values()].map(([fact, ...earlier]) => ({
    fact: fact as ToldFact,
    earlier,
  }));
}

const nameOf = ({ codings: [coding], label }: ToldFact): string =>
  coding === undefined ? label : `${coding.system}|${coding.code}`;
