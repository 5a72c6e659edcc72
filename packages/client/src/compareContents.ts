import {
  FhirError,
  isMadeComposition,
  isMadeProvenance,
  parse,
  recogniseMedia,
  resourceName,
  sameJson,
} from "@anamnesis/fhir";
import type { FhirResource } from "@anamnesis/fhir";
import { equalBytes } from "@anamnesis/crypto/verify";

/** A resource that two versions do not share, by the name it goes by in both. */
export interface ResourceChange {
  readonly what: "added" | "removed" | "changed";
  readonly resourceType: string;
  /** Its fullUrl, else `Type/id`. */
  readonly reference: string;
  /** Its code or title, as text. */
  readonly name?: string;
}

/** Two versions side by side; `resources` where both are FHIR, in the order of the later one, what is gone at the end. */
export interface ContentComparison {
  readonly identical: boolean;
  readonly resources?: readonly ResourceChange[];
}

/**
 * What changed between two contents: of FHIR, which resources came, went, or say something else. Compositions and Provenances
 * that an import made are left out, for each import makes another.
 */
export function compareContents(before: Uint8Array, after: Uint8Array): ContentComparison {
  const identical = equalBytes(before, after);
  const [old, now] = [resourcesOf(before), resourcesOf(after)];
  if (old === undefined || now === undefined) return { identical };
  const came = [...now].flatMap(([reference, resource]): ResourceChange[] => {
    const earlier = old.get(reference);
    if (earlier !== undefined && sameJson(earlier, resource)) return [];
    return [change(earlier === undefined ? "added" : "changed", reference, resource)];
  });
  const went = [...old]
    .filter(([reference]) => !now.has(reference))
    .map(([reference, resource]) => change("removed", reference, resource));
  return { identical, resources: [...came, ...went] };
}

function change(
  what: ResourceChange["what"],
  reference: string,
  resource: FhirResource,
): ResourceChange {
  const name = resourceName(resource);
  const { resourceType } = resource;
  return { what, resourceType, reference, ...(name !== undefined && { name }) };
}

/** Resources by reference; `undefined` for what is no FHIR that can be read. */
function resourcesOf(content: Uint8Array): ReadonlyMap<string, FhirResource> | undefined {
  if (recogniseMedia(content).mediaType !== "application/fhir+json") return undefined;
  try {
    const { entries, resource } = parse(content);
    const whole = resource.resourceType === "Bundle" ? entries : [{ resource, fullUrl: undefined }];
    return new Map(
      whole
        .filter(({ resource: each }) => !isMadeComposition(each) && !isMadeProvenance(each))
        .map((entry, at) => [entry.fullUrl ?? referenceOf(entry.resource, at), entry.resource]),
    );
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}

const referenceOf = ({ resourceType, id }: FhirResource, at: number): string =>
  `${resourceType}/${typeof id === "string" ? id : `#${at}`}`;
