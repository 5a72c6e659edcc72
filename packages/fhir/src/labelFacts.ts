import { compositionOfHead, isMadeComposition } from "./composition.ts";
import { attempt } from "./fhirError.ts";
import { foreignFacts } from "./foreign.ts";
import { objectAt, objectsAt, textAt } from "./json.ts";
import { FHIR_TYPES, recogniseMedia } from "./media.ts";
import { parse } from "./parse.ts";
import { isMadeProvenance } from "./provenance.ts";
import { clinicalDate, codingsAt } from "./resource.ts";
import type { Coding, FhirResource } from "./resource.ts";
import { deriveUuid } from "./uuid.ts";

/** What a record's content says for its label. */
export interface LabelFacts {
  /** When what is recorded began: a FHIR date or dateTime as written. */
  readonly start: string | undefined;
  readonly end: string | undefined;
  /** The Composition's type as `system|code`. */
  readonly type: string | undefined;
  /**
   * What it is a version of, as `urn:uuid:…`: the same for every version of one document, and of one resource. `undefined`
   * for what has neither an identifier nor an id.
   */
  readonly series: string | undefined;
}

const NOTHING: LabelFacts = {
  start: undefined,
  end: undefined,
  type: undefined,
  series: undefined,
};

/**
 * What a record's label says of its content, out of its first bytes (`HEAD_BYTES`, or the whole): its writer and whoever
 * compares get the same, as both read the same bytes. Nothing for what is neither FHIR, CDA nor HL7 v2; what lies beyond the
 * head is not seen.
 */
export function labelFacts(head: Uint8Array): LabelFacts {
  const media = recogniseMedia(head);
  const facts = attempt(() => foreignFacts(head, media, { partial: true }));
  if (facts !== undefined)
    return {
      start: facts.start,
      end: facts.end,
      type: typeOf(facts.type),
      series: facts.document && `urn:uuid:${deriveUuid("series", facts.document)}`,
    };
  if (!FHIR_TYPES.has(media.mediaType)) return NOTHING;
  const parsed = attempt(() => parse(head));
  const composition = compositionOfHead(head, parsed);
  const resources = parsed === undefined ? [] : parsed.entries.map(({ resource }) => resource);
  const period =
    composition === undefined || isMadeComposition(composition)
      ? periodOf(resources.length > 0 ? resources : wholeOf(parsed?.resource))
      : { start: clinicalDate(composition), end: undefined };
  return {
    ...period,
    type: typeOf(codingsAt(composition, "type")[0]),
    series: seriesOf(composition, parsed?.resource),
  };
}

/** A document's is named by its Composition, for its Bundle's identifier is another with each version. */
function seriesOf(
  composition: FhirResource | undefined,
  whole: FhirResource | undefined,
): string | undefined {
  const resource = composition ?? (whole?.resourceType === "Bundle" ? undefined : whole);
  if (resource === undefined) return undefined;
  const [identifier] = [
    objectAt(resource, "identifier"),
    ...objectsAt(resource, "identifier"),
  ].filter((one) => textAt(one, "value") !== undefined);
  const value = textAt(identifier, "value");
  if (isMadeComposition(resource)) return value;
  const { resourceType } = resource;
  if (value !== undefined)
    return `urn:uuid:${deriveUuid("series", resourceType, textAt(identifier, "system") ?? "", value)}`;
  const id = textAt(resource, "id");
  return id === undefined ? undefined : `urn:uuid:${deriveUuid("series", resourceType, id)}`;
}

const typeOf = (coding: Coding | undefined): string | undefined =>
  coding?.code === undefined ? undefined : `${coding.system ?? ""}|${coding.code}`;

const wholeOf = (resource: FhirResource | undefined): readonly FhirResource[] =>
  resource === undefined ? [] : [resource];

/** The encounter's period, else the earliest date of all but Compositions and our own Provenances, which say when they were written. */
function periodOf(resources: readonly FhirResource[]): Pick<LabelFacts, "start" | "end"> {
  for (const resource of resources) {
    const period = resource.resourceType === "Encounter" ? objectAt(resource, "period") : undefined;
    const start = textAt(period, "start");
    if (start !== undefined) return { start, end: textAt(period, "end") };
  }
  const [start] = resources
    .filter((resource) => resource.resourceType !== "Composition" && !isMadeProvenance(resource))
    .flatMap((resource) => clinicalDate(resource) ?? [])
    .toSorted();
  return { start, end: undefined };
}
