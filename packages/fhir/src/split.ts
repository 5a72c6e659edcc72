import { categories, categoryOf } from "./category.ts";
import type { Category } from "./category.ts";
import { closureOf, sharedTypes, subsetPatient } from "./closure.ts";
import type { Group, SplitEntry } from "./closure.ts";
import { composeDocument } from "./composition.ts";
import type { DocumentOptions } from "./composition.ts";
import { encounterReference } from "./encounter.ts";
import { FhirError } from "./fhirError.ts";
import { objectAt, textAt } from "./json.ts";
import { keywords } from "./keywords.ts";
import type { KeywordOptions } from "./keywords.ts";
import type { ParsedResource } from "./parse.ts";
import { onlyPatient, refuseOtherPatients } from "./patient.ts";
import { derivedFullUrl, EntryIndex } from "./reference.ts";
import { clinicalDate } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { sourceOf } from "./provenance.ts";
import { isSensitive } from "./sensitivity.ts";
import { toUtf8 } from "./text.ts";
import { deriveUuid } from "./uuid.ts";

/** One record to be: a document Bundle, or a file taken whole. */
export interface RecordDocument {
  /** The encounter's fullUrl (as given, or derived); `undefined` for what belongs to no encounter. */
  readonly encounterKey: string | undefined;
  readonly category: Category;
  /** Some of it says that it is sensitive ({@link isSensitive}). */
  readonly sensitive: boolean;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /**
   * A name for what it holds of the input, without what assembling added: the same whenever the same is imported again, another
   * when a byte of it changed. `undefined` for a file taken whole, whose bytes say it.
   */
  readonly source?: string;
  /** Every entry but the Composition and the Provenance that we made. Empty for a file taken whole that is not a Bundle. */
  readonly fullUrls: readonly string[];
  /** When the encounter began, or the earliest date among the resources: a FHIR dateTime as written. */
  readonly periodStart?: string;
  readonly title: string;
  readonly keywords: readonly string[];
}

export interface SplitOptions extends DocumentOptions, KeywordOptions {}

const SPLITTABLE: readonly string[] = ["transaction", "batch", "collection", "searchset"];

/**
 * Splits one patient's Bundle into document Bundles: one per encounter and category, and one per category for what
 * belongs to no encounter; what is sensitive goes into a second one. Each resource keeps its text exactly.
 *
 * A document holds the resources of its category, the Encounter, the Patient and, so that it closes, copies of what
 * these refer to: shared kinds ({@link sharedTypes}), resources of the same encounter whatever their category, and
 * resources of no encounter. One document holds the Patient as given; the others identifiers, name, birth date and sex. A
 * `billing` document holds no copies of what was done, prescribed or diagnosed. Left dangling on purpose: a reference into another encounter; what the copied Encounter
 * itself says about diagnoses and the like, outside of the document whose category the Encounter has; and what did not
 * resolve in the input. Of what lies in another encounter the Composition names code and words ({@link citationsIn}). Shared resources that nobody refers to go into the `patient-summary` of no encounter.
 *
 * A document that has to hold a copy of something sensitive is sensitive, too.
 *
 * The order is that of the encounters in the input and then of {@link categories}, what is sensitive after what is not;
 * what belongs to no encounter comes last. Same input and options give the same bytes.
 *
 * @throws {FhirError} `NOT_A_BUNDLE`; `BUNDLE_IS_DOCUMENT` (take it whole); `NO_PATIENT`, `MANY_PATIENTS`,
 * `OTHER_PATIENT`; `TIMESTAMP_INVALID`.
 */
export function split(parsed: ParsedResource, options: SplitOptions): RecordDocument[] {
  const type = textAt(parsed.resource, "type") ?? "";
  if (parsed.resource.resourceType !== "Bundle") {
    throw new FhirError(
      "NOT_A_BUNDLE",
      `Cannot split a ${parsed.resource.resourceType}, wanted a Bundle`,
    );
  }
  if (type === "document") {
    throw new FhirError(
      "BUNDLE_IS_DOCUMENT",
      "A document Bundle is signed as a unit and is not split, take it whole",
    );
  }
  if (!SPLITTABLE.includes(type)) {
    throw new FhirError(
      "BUNDLE_TYPE",
      `Cannot split this Bundle, wanted its type to be one of ${SPLITTABLE.join(", ")}`,
    );
  }
  const index = new EntryIndex(withEncounters(parsed));
  const patient = onlyPatient(index.entries);
  refuseOtherPatients(patient, index);

  const groups = groupEntries(index);
  const reached = new Set(
    groups.flatMap((group) => [...group.primaries, ...closureOf(group, patient, index).copies]),
  );
  const isStray = (entry: SplitEntry): boolean =>
    !reached.has(entry) || (entry === patient && groups.length === 0);
  const strays = index.entries.filter(isStray);
  const all = withStrays(groups, strays);
  const home = homeOf(all);
  const subset = subsetPatient(patient);
  const raised = isSensitive(parsed.resource);
  const origin = {
    imported: `urn:uuid:${deriveUuid("import", parsed.json)}`,
    source: sourceOf(parsed.resource, index.entries),
  };
  return all.map((group) =>
    makeDocument(
      { group, patient: group === home ? patient : subset, index, raised, origin },
      options,
    ),
  );
}

/** The one document that holds the whole Patient: the `patient-summary` of no encounter, else the first that is not sensitive. */
function homeOf(groups: readonly Group[]): Group | undefined {
  return groups.find(isSummary) ?? groups.find(({ sensitive }) => !sensitive) ?? groups[0];
}

const isSummary = ({ encounterKey, category, sensitive }: Group): boolean =>
  encounterKey === undefined && category === "patient-summary" && !sensitive;

/** Entries that no document would hold become part of the `patient-summary` of no encounter. */
function withStrays(groups: readonly Group[], strays: readonly SplitEntry[]): Group[] {
  if (strays.length === 0) return [...groups];
  const summary = groups.find(isSummary) ?? {
    encounterKey: undefined,
    category: "patient-summary",
    sensitive: false,
    primaries: [],
  };
  return sortGroups([
    ...groups.filter((group) => !isSummary(group)),
    { ...summary, primaries: [...summary.primaries, ...strays] },
  ]);
}

/** The entries under their fullUrls, each once, with the encounter each belongs to. */
function withEncounters(parsed: ParsedResource): SplitEntry[] {
  const named = new Map<string, { fullUrl: string; resource: FhirResource; json: string }>();
  for (const { fullUrl, resource, json } of parsed.entries) {
    const url = fullUrl ?? derivedFullUrl(resource);
    if (!named.has(url)) named.set(url, { fullUrl: url, resource, json });
  }
  const index = new EntryIndex([...named.values()]);
  return index.entries.map((entry, position) => {
    if (entry.resource.resourceType === "Encounter")
      return { ...entry, position, encounterKey: entry.fullUrl };
    const reference = encounterReference(entry.resource);
    if (reference === undefined || sharedTypes.has(entry.resource.resourceType)) {
      return { ...entry, position, encounterKey: undefined };
    }
    return { ...entry, position, encounterKey: index.find(reference, entry)?.fullUrl ?? reference };
  });
}

function groupEntries(index: EntryIndex<SplitEntry>): Group[] {
  const groups = new Map<string, Group & { primaries: SplitEntry[] }>();
  for (const entry of index.entries) {
    if (sharedTypes.has(entry.resource.resourceType)) continue;
    const { encounterKey } = entry;
    const resource = encounterKey === undefined ? undefined : index.find(encounterKey)?.resource;
    const category = categoryOf(entry.resource, { known: encounterKey !== undefined, resource });
    const sensitive = isSensitive(entry.resource);
    const name = `${category} ${String(sensitive)} ${encounterKey ?? ""}`;
    const group = groups.get(name);
    if (group === undefined)
      groups.set(name, { encounterKey, category, sensitive, primaries: [entry] });
    else group.primaries.push(entry);
  }
  return sortGroups([...groups.values()]);
}

/** Encounters in order of appearance, categories in their own order, what belongs to no encounter last. */
function sortGroups(groups: readonly Group[]): Group[] {
  const order = new Map<string | undefined, number>();
  for (const { encounterKey } of groups)
    if (encounterKey !== undefined) order.set(encounterKey, order.get(encounterKey) ?? order.size);
  const place = ({ encounterKey }: Group): number => order.get(encounterKey) ?? order.size;
  return groups.toSorted(
    (a, b) =>
      place(a) - place(b) ||
      categories.indexOf(a.category) - categories.indexOf(b.category) ||
      Number(a.sensitive) - Number(b.sensitive),
  );
}

interface Making {
  readonly group: Group;
  readonly patient: SplitEntry;
  readonly index: EntryIndex<SplitEntry>;
  /** The Bundle as a whole is sensitive. */
  readonly raised: boolean;
  readonly origin: { readonly imported: string; readonly source: string | undefined };
}

function makeDocument(
  { group, patient, index, raised, origin }: Making,
  options: SplitOptions,
): RecordDocument {
  const { copies, cited } = closureOf(group, patient, index);
  const encounter = group.encounterKey === undefined ? undefined : index.find(group.encounterKey);
  const { title, json, source } = composeDocument(
    { ...group, encounter, patient, copies, cited, index, origin },
    options,
  );
  const periodStart = startOf(group, encounter);
  const resources = [...group.primaries, ...copies].map(({ resource }) => resource);
  const dates =
    encounter === undefined
      ? group.primaries.map(({ resource }) => clinicalDate(resource))
      : [periodStart];
  return {
    encounterKey: group.encounterKey,
    category: group.category,
    sensitive: raised || resources.some(isSensitive),
    mediaType: "application/fhir+json",
    bytes: toUtf8(json),
    source,
    fullUrls: [...group.primaries, ...copies].map(({ fullUrl }) => fullUrl),
    ...(periodStart !== undefined && { periodStart }),
    title,
    keywords: keywords(
      resources,
      { category: group.category, dates: dates.filter((date) => date !== undefined) },
      options,
    ),
  };
}

function startOf(group: Group, encounter: SplitEntry | undefined): string | undefined {
  const start = textAt(objectAt(encounter?.resource, "period"), "start");
  if (start !== undefined) return start;
  const dates = group.primaries
    .map(({ resource }) => clinicalDate(resource))
    .filter((date) => date !== undefined);
  return dates.reduce<string | undefined>(
    (least, date) => (least === undefined || date < least ? date : least),
    undefined,
  );
}
