import { valueOf } from "../describe.ts";
import { objectAt, objectsAt, textAt } from "../json.ts";
import { clinicalDate, codingsAt, conceptText } from "../resource.ts";
import type { FhirResource } from "../resource.ts";
import type { Difference, Fact, Said, Statement } from "./model.ts";
import { compareDates } from "./reading.ts";

/** SNOMED CT and IPS codes that say that there is nothing of a kind. Absent information (`no-…-info`) is not among them. */
const NONE_KNOWN: ReadonlySet<string> = new Set([
  "716186003",
  "409137002",
  "429625007",
  "428607008",
  "716184000",
  "160245001",
  "160244002",
  "787481004",
  "no-known-allergies",
  "no-known-medication-allergies",
  "no-known-environmental-allergies",
  "no-known-food-allergies",
  "no-known-problems",
  "no-known-medications",
]);

/** One fact out of what is said of it: the newest statement's words, everybody's names, and where they differ. */
export function factOf(statements: readonly Statement[]): Fact {
  const newestFirst = statements.toSorted(newestStatementFirst);
  const newest = newestFirst[0]!;
  const { topic, label, resource, status } = newest;
  const shown = shownOf(newest);
  const date = clinicalDate(resource);
  const end = endOf(resource);
  const flag = codingsAt(resource, "interpretation").find(({ code }) => code !== undefined)?.code;
  return {
    topic,
    label,
    codings: distinct(newestFirst.flatMap(({ codings }) => codings)),
    status,
    negative: newest.codings.some(({ code }) => NONE_KNOWN.has(code ?? "")),
    ...shown,
    ...(flag !== undefined && topic === "results" && { flag }),
    ...(date !== undefined && { date }),
    ...(end !== undefined && { end }),
    said: newestFirst.map(({ said }) => said),
    differences: differencesOf(newestFirst),
    statement: newest,
  };
}

/**
 * Where the institutions' latest words differ. What one institution said earlier and then changed is its history, and no
 * contradiction; what two measured at one moment is.
 */
function differencesOf(newestFirst: readonly Statement[]): Difference[] {
  const latest = new Map<string, Statement>();
  for (const statement of newestFirst) {
    const { institution } = statement.said;
    if (!latest.has(institution)) latest.set(institution, statement);
  }
  const elements = new Set([...latest.values()].flatMap(({ compared }) => Object.keys(compared)));
  return ([...elements] as Difference["element"][]).flatMap((element) => {
    const words = Map.groupBy(
      [...latest.values()].filter(({ compared }) => compared[element] !== undefined),
      ({ compared }) => compared[element] ?? "",
    );
    if (words.size < 2) return [];
    return [
      {
        element,
        words: [...words].map(([value, by]) => ({ value, said: by.map(({ said }) => said) })),
      },
    ];
  });
}

/** "None known" beside something known is a contradiction that stands with what denies it. */
export function withDenials(facts: readonly Fact[]): Fact[] {
  const known = facts.filter((fact) => !fact.negative && isCurrent(fact));
  if (known.length === 0) return [...facts];
  const words = known.map(({ label, said }) => ({ value: label, said }));
  return facts.map((fact) =>
    fact.negative
      ? {
          ...fact,
          differences: [
            ...fact.differences,
            { element: "known", words: [{ value: fact.label, said: fact.said }, ...words] },
          ],
        }
      : fact,
  );
}

const CURRENT: ReadonlySet<string> = new Set([
  "",
  "active",
  "recurrence",
  "relapse",
  "on-hold",
  "intended",
]);

/** Whether the newest statement says that it still is so; what says no status counts as current. */
export function isCurrent({ status, statement }: Fact): boolean {
  return CURRENT.has(status) && statement.compared.verification !== "refuted";
}

function shownOf({ resource, compared, topic }: Statement): Pick<Fact, "value" | "unit"> {
  if (topic !== "results") return { value: compared.dosage ?? compared.value ?? "" };
  const own = valueOf(resource);
  if (own !== undefined) return own;
  const parts = objectsAt(resource, "component").flatMap((component) => {
    const shown = valueOf(component);
    return shown === undefined
      ? []
      : [`${conceptText(component, "code") ?? ""} ${shown.value} ${shown.unit ?? ""}`.trim()];
  });
  return { value: parts.join("; ") };
}

const endOf = (resource: FhirResource): string | undefined =>
  textAt(resource, "abatementDateTime") ??
  textAt(objectAt(resource, "abatementPeriod"), "end") ??
  textAt(objectAt(resource, "effectivePeriod"), "end") ??
  textAt(objectAt(resource, "period"), "end");

function newestStatementFirst(a: Statement, b: Statement): number {
  return (
    compareDates(b.said.asOf, a.said.asOf) ||
    compareSaid(a.said, b.said) ||
    (a.fullUrl < b.fullUrl ? -1 : 1)
  );
}

const compareSaid = (a: Said, b: Said): number =>
  a.institution < b.institution ? -1 : a.institution > b.institution ? 1 : 0;

function distinct(codings: Fact["codings"]): Fact["codings"] {
  return [
    ...new Map(codings.map((coding) => [`${coding.system}|${coding.code}`, coding])).values(),
  ];
}
