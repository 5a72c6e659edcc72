import { isObject, memberAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject, JsonValue } from "./json.ts";

/** A FHIR R4 resource as read: plain objects, with {@link Decimal} where the text holds a number. */
export type FhirResource = JsonObject & { resourceType: string };

export function isResource(value: JsonValue | undefined): value is FhirResource {
  return isObject(value) && textAt(value, "resourceType") !== undefined;
}

export interface Coding {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
}

/** The codings of every CodeableConcept at `key` (one or many); a bare Coding counts as its own. */
export function codingsAt(parent: JsonObject | undefined, key: string): Coding[] {
  return objectsAt(parent, key).flatMap((concept) =>
    memberAt(concept, "coding") === undefined
      ? [asCoding(concept)]
      : objectsAt(concept, "coding").map(asCoding),
  );
}

/** What a person would read for the CodeableConcept at `key`: its text, else the first display, else the first code. */
export function conceptText(parent: JsonObject | undefined, key: string): string | undefined {
  const concept = objectsAt(parent, key)[0];
  if (concept === undefined) return undefined;
  const codings = codingsAt(parent, key);
  return (
    textAt(concept, "text") ??
    codings.find((coding) => coding.display !== undefined)?.display ??
    codings.find((coding) => coding.code !== undefined)?.code
  );
}

/** A HumanName as one line: `text` where given (its parts cannot be put in order for every language). */
export function personName(name: JsonObject | undefined): string | undefined {
  const text = textAt(name, "text");
  if (text !== undefined) return text;
  const parts = [...strings(name, "prefix"), ...strings(name, "given"), ...strings(name, "family")];
  return parts.length === 0 ? undefined : parts.join(" ");
}

/** The name of a Patient, Practitioner, Organization, Location or the like. */
export function resourceName(resource: FhirResource | undefined): string | undefined {
  return textAt(resource, "name") ?? personName(objectsAt(resource, "name")[0]);
}

const DATE_ELEMENTS = [
  "effectiveDateTime",
  "effectiveInstant",
  "performedDateTime",
  "occurrenceDateTime",
  "onsetDateTime",
  "recordedDate",
  "authoredOn",
  "started",
  "date",
  "dateTime",
  "created",
  "startDate",
  "sent",
  "issued",
  "dateAsserted",
  "recorded",
  "assertedDate",
] as const;
const PERIOD_ELEMENTS = [
  "period",
  "effectivePeriod",
  "performedPeriod",
  "occurrencePeriod",
  "onsetPeriod",
  "billablePeriod",
] as const;

/**
 * When a resource says its matter happened: a FHIR date, dateTime or instant as written, or the start of a period.
 * `meta.lastUpdated` does not count.
 */
export function clinicalDate(resource: FhirResource): string | undefined {
  for (const element of PERIOD_ELEMENTS) {
    const start = textAt(objectAt(resource, element), "start");
    if (start !== undefined) return start;
  }
  for (const element of DATE_ELEMENTS) {
    const date = textAt(resource, element);
    if (date !== undefined) return date;
  }
  return undefined;
}

function asCoding(coding: JsonObject): Coding {
  const system = textAt(coding, "system");
  const code = textAt(coding, "code");
  const display = textAt(coding, "display");
  return {
    ...(system !== undefined && { system }),
    ...(code !== undefined && { code }),
    ...(display !== undefined && { display }),
  };
}

function strings(parent: JsonObject | undefined, key: string): string[] {
  const value = memberAt(parent, key);
  if (typeof value === "string") return [value];
  return Array.isArray(value) ? value.filter((part) => typeof part === "string") : [];
}
