import { isSubset } from "./closure.ts";
import { isMadeComposition } from "./composition.ts";
import { FhirError } from "./fhirError.ts";
import type { ParsedEntry, ParsedResource } from "./parse.ts";
import { isMadeProvenance } from "./provenance.ts";
import { derivedFullUrl } from "./reference.ts";
import { sameJson } from "./same.ts";

/**
 * The union of documents by fullUrl, without the Compositions and Provenances that {@link split} made: what was split, in order of
 * first appearance. Entries whose fullUrl was derived are given back without one. A resource that says that it is only a
 * part (`SUBSETTED`) gives way to the whole one.
 *
 * @throws {FhirError} `RESOURCES_DIFFER`: two documents hold different resources under one fullUrl.
 */
export function unite(documents: readonly ParsedResource[]): ParsedEntry[] {
  const union = new Map<string, ParsedEntry>();
  for (const [number, { entries }] of documents.entries()) {
    for (const entry of entries) {
      if (isMadeComposition(entry.resource) || isMadeProvenance(entry.resource)) continue;
      const derived = derivedFullUrl(entry.resource);
      const fullUrl = entry.fullUrl ?? derived;
      const found = union.get(fullUrl);
      const earlier = found !== undefined && isSubset(found.resource) ? undefined : found;
      if (earlier !== undefined && isSubset(entry.resource)) continue;
      if (
        earlier !== undefined &&
        earlier.json !== entry.json &&
        !sameJson(earlier.resource, entry.resource)
      ) {
        throw new FhirError(
          "RESOURCES_DIFFER",
          `Document ${number} holds another resource under the fullUrl of an earlier one`,
        );
      }
      if (earlier === undefined)
        union.set(fullUrl, { ...entry, fullUrl: fullUrl === derived ? undefined : fullUrl });
    }
  }
  return [...union.values()];
}
