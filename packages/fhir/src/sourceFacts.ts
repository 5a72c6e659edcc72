import { memberAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { Entry, EntryIndex } from "./reference.ts";
import { clinicalDate, resourceName } from "./resource.ts";
import type { FhirResource } from "./resource.ts";

/** Statuses of resources that will still change, and of such as did. */
const PRELIMINARY: ReadonlySet<string> = new Set(
  "preliminary registered partial draft in-progress planned arrived triaged".split(" "),
);
const AMENDED: ReadonlySet<string> = new Set(["amended", "corrected", "appended"]);
/** Kinds whose status speaks of the writing, not of what was written about. */
const WRITINGS: ReadonlySet<string> = new Set(
  "Encounter Observation DiagnosticReport Composition DocumentReference".split(" "),
);

/** The status of a document of these resources, as they state theirs. */
export function statusOf(
  resources: readonly FhirResource[],
): "final" | "preliminary" | "amended" | "entered-in-error" {
  const all = resources.map((resource) => textAt(resource, "status"));
  if (all.length > 0 && all.every((status) => status === "entered-in-error"))
    return "entered-in-error";
  const written = resources
    .filter(({ resourceType }) => WRITINGS.has(resourceType))
    .map((resource) => textAt(resource, "docStatus") ?? textAt(resource, "status") ?? "");
  if (written.some((status) => PRELIMINARY.has(status))) return "preliminary";
  return written.some((status) => AMENDED.has(status)) ? "amended" : "final";
}

/** When the source last wrote of it: the latest date of these resources, else the encounter's end or start. */
export function writtenAt(
  resources: readonly FhirResource[],
  encounter: FhirResource | undefined,
): string | undefined {
  const dates = resources
    .filter((resource) => resource !== encounter)
    .flatMap((resource) => WRITTEN.map((element) => textAt(resource, element)))
    .filter((date) => date !== undefined);
  const period = objectAt(encounter, "period");
  const [latest] = dates.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  const [clinical] = resources.flatMap((resource) => clinicalDate(resource) ?? []).toSorted();
  return latest ?? textAt(period, "end") ?? textAt(period, "start") ?? clinical;
}

const WRITTEN = ["issued", "authoredOn", "recordedDate", "recorded", "date", "created"] as const;

const AUTHORS: ReadonlySet<string> = new Set([
  "Practitioner",
  "PractitionerRole",
  "Organization",
  "RelatedPerson",
]);

/**
 * Who wrote, as the source names them: the encounter's participants, else the resources' own authors, performers and
 * requesters, else the encounter's provider. Those outside of the Bundle by name only.
 */
export function authorsOf<T extends Entry>(
  primaries: readonly T[],
  encounter: T | undefined,
  index: EntryIndex<T>,
): JsonObject[] {
  const participants = objectsAt(encounter?.resource, "participant").flatMap((participant) =>
    objectsAt(participant, "individual").map((reference) => ({ reference, from: encounter })),
  );
  const written = primaries.flatMap((entry) =>
    AUTHOR_ELEMENTS.flatMap((element) =>
      objectsAt(entry.resource, element).flatMap((member) => {
        const actor =
          memberAt(member, "actor") === undefined ? [member] : objectsAt(member, "actor");
        return actor.map((reference) => ({ reference, from: entry as T | undefined }));
      }),
    ),
  );
  const provider = objectsAt(encounter?.resource, "serviceProvider").map((reference) => ({
    reference,
    from: encounter,
  }));
  for (const references of [participants, written, provider]) {
    const authors = new Map<string, JsonObject>();
    for (const { reference, from } of references) {
      const target = index.find(textAt(reference, "reference") ?? "", from);
      if (target !== undefined && !AUTHORS.has(target.resource.resourceType)) continue;
      const display = resourceName(target?.resource) ?? textAt(reference, "display");
      const author = {
        ...(target !== undefined && { reference: target.fullUrl }),
        ...(display !== undefined && { display }),
      };
      if (Object.keys(author).length > 0) authors.set(JSON.stringify(author), author);
    }
    if (authors.size > 0) return [...authors.values()];
  }
  return [];
}

const AUTHOR_ELEMENTS = ["author", "performer", "requester", "recorder"] as const;
