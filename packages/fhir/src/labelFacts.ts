import { compositionIn, isMadeComposition } from "./composition.ts";
import { FhirError } from "./fhirError.ts";
import { objectAt, objectsAt, textAt } from "./json.ts";
import { recogniseMedia } from "./media.ts";
import { parse } from "./parse.ts";
import { clinicalDate } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { fromUtf8Loosely } from "./text.ts";

/** What a record's content says for its label. */
export interface LabelFacts {
  /** When what is recorded began: a FHIR date or dateTime as written. */
  readonly start: string | undefined;
  readonly end: string | undefined;
  /** The Composition's type as `system|code`. */
  readonly type: string | undefined;
}

const NOTHING: LabelFacts = { start: undefined, end: undefined, type: undefined };

/**
 * What a record's label says of its content, out of its first bytes (`HEAD_BYTES`, or the whole): its writer and whoever
 * compares get the same, as both read the same bytes. Nothing for what is not FHIR JSON; what lies beyond the head is not
 * seen.
 */
export function labelFacts(head: Uint8Array): LabelFacts {
  if (recogniseMedia(head).mediaType !== "application/fhir+json") return NOTHING;
  const parsed = attempt(() => parse(head));
  const composition = attempt(() => compositionIn(parsed?.json ?? fromUtf8Loosely(head)));
  const resources = parsed === undefined ? [] : parsed.entries.map(({ resource }) => resource);
  const period =
    composition === undefined || isMadeComposition(composition)
      ? periodOf(resources.length > 0 ? resources : wholeOf(parsed?.resource))
      : { start: clinicalDate(composition), end: undefined };
  const [coding] = objectsAt(objectAt(composition, "type"), "coding");
  const [system, code] = [textAt(coding, "system"), textAt(coding, "code")];
  const type = code === undefined ? undefined : `${system ?? ""}|${code}`;
  return { ...period, type };
}

const wholeOf = (resource: FhirResource | undefined): readonly FhirResource[] =>
  resource === undefined ? [] : [resource];

/** The encounter's period, else the earliest date of all but Compositions, which say when they were written. */
function periodOf(resources: readonly FhirResource[]): Pick<LabelFacts, "start" | "end"> {
  for (const resource of resources) {
    const period = resource.resourceType === "Encounter" ? objectAt(resource, "period") : undefined;
    const start = textAt(period, "start");
    if (start !== undefined) return { start, end: textAt(period, "end") };
  }
  const [start] = resources
    .filter(({ resourceType }) => resourceType !== "Composition")
    .flatMap((resource) => clinicalDate(resource) ?? [])
    .toSorted();
  return { start, end: undefined };
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FhirError) return undefined;
    throw error;
  }
}
