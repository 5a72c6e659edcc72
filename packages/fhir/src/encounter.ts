import { objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { ParsedResource } from "./parse.ts";
import { derivedFullUrl, EntryIndex } from "./reference.ts";
import type { FhirResource } from "./resource.ts";

/** The encounter of a resource: `encounter`, `context`, `context.encounter` or the first `item.encounter`. */
export function encounterReference(resource: FhirResource): string | undefined {
  const contexts = objectsAt(resource, "context");
  const candidates: JsonObject[] = [
    ...objectsAt(resource, "encounter"),
    ...contexts.filter(
      (context) => !/(^|[/:])EpisodeOfCare\//.test(textAt(context, "reference") ?? ""),
    ),
    ...contexts.flatMap((context) => objectsAt(context, "encounter")),
    ...objectsAt(resource, "item").flatMap((item) => objectsAt(item, "encounter")),
  ];
  for (const candidate of candidates) {
    const reference = textAt(candidate, "reference");
    if (reference !== undefined && !reference.startsWith("#")) return reference;
  }
  return undefined;
}

/**
 * The encounter of something that is not split: that of a document's Composition, that of a single resource, or an
 * Encounter itself. Its fullUrl where it is in the Bundle, else as a Bundle would derive it, else as referred to.
 */
export function encounterOf({ resource, entries }: ParsedResource): string | undefined {
  const index = new EntryIndex(
    entries.map((entry) => ({
      ...entry,
      fullUrl: entry.fullUrl ?? derivedFullUrl(entry.resource),
    })),
  );
  const composition = index.entries[0];
  const holder = resource.resourceType === "Bundle" ? composition?.resource : resource;
  if (holder?.resourceType === "Encounter") return composition?.fullUrl ?? derivedFullUrl(holder);
  const reference = holder === undefined ? undefined : encounterReference(holder);
  return reference && (index.find(reference, composition)?.fullUrl ?? derivedReference(reference));
}

/** `Encounter/ID` as the fullUrl that an Encounter of this id gets where none is stated. */
const derivedReference = (reference: string): string => {
  const [, id] = /^Encounter\/([A-Za-z0-9\-.]{1,64})$/.exec(reference) ?? [];
  return id === undefined ? reference : derivedFullUrl({ resourceType: "Encounter", id });
};
