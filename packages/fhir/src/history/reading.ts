import { labelOf, valueOf } from "../describe.ts";
import { Decimal, memberAt, objectAt, objectsAt, textAt } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { clinicalDate, codingsAt, conceptText } from "../resource.ts";
import type { Coding, FhirResource } from "../resource.ts";
import { dosageOf, reactionsOf } from "../summaryRow.ts";
import type { Statement, Topic } from "./model.ts";

type Follow = Statement["follow"];

/** What of a resource makes a statement of a history. */
export interface Reading {
  readonly topic: Topic;
  readonly concept: JsonObject | undefined;
  readonly label: string;
  readonly status: string;
  readonly compared: Statement["compared"];
  readonly moment: string | undefined;
  /** As of when the resource speaks; `undefined` where it does not say. */
  readonly asOf: string | undefined;
}

const TOPICS: Readonly<Record<string, Topic>> = {
  Condition: "problems",
  AllergyIntolerance: "allergies",
  MedicationRequest: "medicines",
  MedicationStatement: "medicines",
  MedicationDispense: "medicines",
  Immunization: "immunizations",
  Observation: "results",
  Encounter: "visits",
};

/** Requests that nobody has ordered. */
const NOT_ORDERED: ReadonlySet<string> = new Set(["proposal", "plan", "option"]);

/**
 * Reads what a resource says for a history; `undefined` for one that says nothing there. Doses given in a ward
 * (`MedicationAdministration`) are not medicines that a person takes, and requests that are only planned are not either.
 */
export function readResource(resource: FhirResource, follow: Follow): Reading | undefined {
  const topic = TOPICS[resource.resourceType];
  if (topic === undefined) return undefined;
  switch (topic) {
    case "problems":
    case "allergies":
      return {
        ...about(topic, resource, objectAt(resource, "code")),
        status: codeAt(resource, "clinicalStatus"),
        compared: given({
          status: codeAt(resource, "clinicalStatus"),
          verification: codeAt(resource, "verificationStatus"),
          severity: topic === "allergies" ? textAt(resource, "criticality") : undefined,
          value: topic === "allergies" ? reactionsOf(resource) : undefined,
        }),
        moment: undefined,
      };
    case "medicines": {
      if (NOT_ORDERED.has(textAt(resource, "intent") ?? "")) return undefined;
      const medication = follow(
        textAt(objectAt(resource, "medicationReference"), "reference") ?? "",
      );
      const concept =
        objectAt(resource, "medicationCodeableConcept") ?? objectAt(medication, "code");
      const label = conceptText({ concept: concept ?? null }, "concept");
      const element =
        resource.resourceType === "MedicationStatement" ? "dosage" : "dosageInstruction";
      return {
        ...about(topic, resource, concept),
        label: label ?? labelOf(resource),
        status: textAt(resource, "status") ?? "",
        compared: given({
          status: textAt(resource, "status"),
          dosage: dosageOf(resource, element),
        }),
        moment: undefined,
      };
    }
    case "immunizations":
      return {
        ...about(topic, resource, objectAt(resource, "vaccineCode")),
        status: textAt(resource, "status") ?? "",
        compared: given({ status: textAt(resource, "status") }),
        moment: clinicalDate(resource)?.slice(0, 10) ?? "",
      };
    case "results":
      return {
        ...about(topic, resource, objectAt(resource, "code")),
        status: textAt(resource, "status") ?? "",
        compared: given({ value: comparableValue(resource) }),
        moment: instantOf(clinicalDate(resource)),
      };
    case "visits":
      return {
        ...about(topic, resource, objectsAt(resource, "type")[0]),
        status: textAt(resource, "status") ?? "",
        compared: {},
        moment: instantOf(clinicalDate(resource)),
      };
  }
}

function about(
  topic: Topic,
  resource: FhirResource,
  concept: JsonObject | undefined,
): Pick<Reading, "topic" | "concept" | "label" | "asOf"> {
  return { topic, concept, label: labelOf(resource), asOf: asOfOf(resource) };
}

/** The latest of what a resource says about its own time: a problem that ended speaks as of its end. */
function asOfOf(resource: FhirResource): string | undefined {
  const said = [
    textAt(resource, "recordedDate"),
    textAt(resource, "abatementDateTime"),
    textAt(objectAt(resource, "abatementPeriod"), "end"),
    textAt(resource, "authoredOn"),
    textAt(resource, "dateAsserted"),
    textAt(objectAt(resource, "effectivePeriod"), "end"),
    textAt(resource, "whenHandedOver"),
    textAt(resource, "lastOccurrence"),
  ].filter((date) => date !== undefined);
  return said.toSorted((a, b) => compareDates(b, a))[0] ?? clinicalDate(resource);
}

/** Codings that name something: with system and code. */
export function codingsOf(concept: JsonObject | undefined): Coding[] {
  return codingsAt({ concept: concept ?? null }, "concept").filter(
    ({ system, code }) => system !== undefined && code !== undefined,
  );
}

/** The words of a concept and of its codings, each in normal form. */
export function wordsOf(concept: JsonObject | undefined, label: string): string[] {
  const displays = codingsAt({ concept: concept ?? null }, "concept").map(({ display }) => display);
  const words = [textAt(concept, "text"), ...displays, concept === undefined ? label : undefined];
  return [
    ...new Set(words.flatMap((text) => (text === undefined ? [] : [normalWords(text)]))),
  ].filter((text) => text !== "");
}

const normalWords = (text: string): string =>
  text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();

/** A value by which two measurements can be told apart: `5.10` and `5.1` of one unit are the same. */
function comparableValue(observation: FhirResource): string | undefined {
  const parts = [observation, ...objectsAt(observation, "component")].flatMap((holder) => {
    const shown = valueOf(holder);
    if (shown === undefined) return [];
    const quantity = objectAt(holder, "valueQuantity");
    const number = memberAt(quantity, "value");
    const unit = textAt(quantity, "code") ?? shown.unit ?? "";
    const value = number instanceof Decimal ? String(number.valueOf()) : shown.value;
    const comparator = textAt(quantity, "comparator") ?? "";
    const name = holder === observation ? "" : `${conceptText(holder, "code") ?? ""} `;
    return [`${name}${comparator}${value} ${unit}`.trim()];
  });
  return parts.length === 0 ? undefined : parts.toSorted().join("; ");
}

/** The same instant in one form, whatever the time zone it was written in; a date stays a date. */
function instantOf(date: string | undefined): string {
  if (date === undefined) return "";
  const time = date.includes("T") ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? date : new Date(time).toISOString();
}

/** Orders FHIR dates and dateTimes by the time at which they begin, then as text. */
export function compareDates(a: string, b: string): number {
  return (startOf(a) || 0) - (startOf(b) || 0) || (a < b ? -1 : a > b ? 1 : 0);
}

const startOf = (date: string): number => Date.parse(date);

function codeAt(resource: FhirResource, element: string): string {
  return codingsAt(resource, element).find(({ code }) => code !== undefined)?.code ?? "";
}

/** What is said, without what is not. */
function given(
  compared: Readonly<Partial<Record<keyof Statement["compared"], string | undefined>>>,
): Statement["compared"] {
  return Object.fromEntries(
    Object.entries(compared).filter(([, value]) => value !== undefined && value !== ""),
  );
}
