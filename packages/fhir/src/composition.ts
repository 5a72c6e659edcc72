import { CATEGORY_SYSTEM, categoryTitles, documentTypes } from "./category.ts";
import type { Category } from "./category.ts";
import type { Citation } from "./closure.ts";
import { describe } from "./describe.ts";
import { attempt, FhirError } from "./fhirError.ts";
import { resourceOfXml } from "./fhirXml.ts";
import { isObject, memberAt, objectAt, objectsAt, textAt, writeJson } from "./json.ts";
import type { JsonObject } from "./json.ts";
import type { ParsedResource } from "./parse.ts";
import { parseJson } from "./parseJson.ts";
import type { Entry, EntryIndex } from "./reference.ts";
import { ABSENT, provenanceOf } from "./provenance.ts";
import type { Assembly } from "./provenance.ts";
import { conceptText } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { authorsOf, statusOf, writtenAt } from "./sourceFacts.ts";
import { escapeXml, fromUtf8Loosely, visibleText, withoutMark } from "./text.ts";
import { deriveUuid } from "./uuid.ts";
import { readXml } from "./xml.ts";

export interface DocumentOptions {
  /** When the documents are made: a FHIR instant with time zone, such as `2026-11-20T08:00:00Z`. */
  readonly timestamp: string;
  /** BCP 47 language of titles and narrative; `en` when left out. Headings are written in English. */
  readonly language?: string;
  /** Who imports, as text: stands in the Provenance, never as author. */
  readonly importer?: string;
  /** Why the file is taken although it names another person than it is kept for: stands in the Provenance. */
  readonly override?: string;
  /**
   * Makes the identifiers of Bundle and Composition from their names, as a UUID in lower case. When left out they are
   * derived from encounter, category, timestamp and content: the same import gives the same identifiers.
   */
  readonly uuid?: (...name: readonly string[]) => string;
}

/** The system of `Composition.identifier` in documents made by {@link split}: by it they are told from the input's. */
const SERIES_SYSTEM = "urn:x-anamnesis:series";

interface DocumentParts<T extends Entry & { readonly json: string }> {
  readonly encounterKey: string | undefined;
  readonly category: Category;
  readonly sensitive: boolean;
  readonly primaries: readonly T[];
  readonly copies: readonly T[];
  readonly cited: readonly Citation[];
  readonly encounter: T | undefined;
  readonly patient: T;
  readonly index: EntryIndex<T>;
  /** What the documents of one import have in common. */
  readonly origin: Pick<Assembly, "imported" | "source">;
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const XHTML = "http://www.w3.org/1999/xhtml";

/**
 * One document Bundle as JSON text: a Composition first, then the resources with their own text.
 *
 * @returns Beside it `source`, a name for what it holds of the input: the same whenever the same is assembled again.
 *
 * @throws {FhirError} `TIMESTAMP_INVALID`
 */
export function composeDocument<T extends Entry & { readonly json: string }>(
  parts: DocumentParts<T>,
  options: DocumentOptions,
): { title: string; json: string; source: string } {
  if (!INSTANT.test(options.timestamp) || Number.isNaN(Date.parse(options.timestamp))) {
    throw new FhirError(
      "TIMESTAMP_INVALID",
      "The timestamp is not a FHIR instant, wanted such as 2026-11-20T08:00:00Z",
    );
  }
  const uuid = options.uuid ?? deriveUuid;
  const resources = [...parts.primaries, ...parts.copies];
  const content = resources.map(
    ({ fullUrl, json }) => `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${json}}`,
  );
  const kind = parts.sensitive ? [parts.category, "sensitive"] : [parts.category];
  const visit = parts.encounter === undefined ? parts.encounterKey : stableName(parts.encounter);
  const place = [stableName(parts.patient), visit ?? "", ...kind];
  const series = uuid("series", ...place);
  const version = uuid("document", ...place, options.timestamp, ...content);
  const composition = compositionOf(parts, options, series, uuid("composition", version));
  const head = {
    resourceType: "Bundle",
    language: options.language ?? "en",
    identifier: { system: "urn:ietf:rfc:3986", value: `urn:uuid:${version}` },
    type: "document",
    timestamp: options.timestamp,
  };
  const provenance = provenanceOf({
    id: uuid("provenance", version),
    composition: `urn:uuid:${composition.id}`,
    recorded: options.timestamp,
    ...parts.origin,
    importer: options.importer,
    override: options.override,
  });
  const last = `{"fullUrl":"urn:uuid:${textAt(provenance, "id")}","resource":${writeJson(provenance)}}`;
  const first = `{"fullUrl":"urn:uuid:${composition.id}","resource":${writeJson(composition)}}`;
  const json = `${writeJson(head).slice(0, -1)},"entry":[${[first, ...content, last].join(",")}]}`;
  return { title: composition.title, json, source: deriveUuid("source", ...content) };
}

/**
 * By what an entry is known in every export of it: its address at a server, else type and id, else the fullUrl, which is
 * made up anew by some exports.
 */
function stableName({ fullUrl, resource }: Entry): string {
  const id = textAt(resource, "id");
  return /^https?:/.test(fullUrl) || id === undefined ? fullUrl : `${resource.resourceType}/${id}`;
}

/** Whether a Composition was made by {@link split}, and is not the input's own. */
export function isMadeComposition(resource: FhirResource): boolean {
  if (resource.resourceType !== "Composition") return false;
  const identifier = memberAt(resource, "identifier");
  return isObject(identifier) && textAt(identifier, "system") === SERIES_SYSTEM;
}

type Composition = FhirResource & { id: string; title: string };

function compositionOf<T extends Entry & { readonly json: string }>(
  parts: DocumentParts<T>,
  options: DocumentOptions,
  series: string,
  id: string,
): Composition {
  const { category, encounter, patient, primaries } = parts;
  const date = writtenAt(
    primaries.map(({ resource }) => resource),
    encounter?.resource,
  );
  const authors = authorsOf(primaries, encounter, parts.index);
  const [type = { code: "34109-9", display: "Note" }] = documentTypes[category];
  const visit = conceptText(encounter?.resource, "type");
  const title =
    visit === undefined ? categoryTitles[category] : `${categoryTitles[category]}: ${visit}`;
  const encounterUrl = encounter?.fullUrl ?? parts.encounterKey;
  const custodian = textAt(objectAt(encounter?.resource, "serviceProvider"), "reference");
  const provider = custodian === undefined ? undefined : parts.index.find(custodian, encounter);
  return {
    resourceType: "Composition",
    id,
    language: options.language ?? "en",
    identifier: { system: SERIES_SYSTEM, value: `urn:uuid:${series}` },
    status: statusOf(primaries.map(({ resource }) => resource)),
    type: { coding: [{ system: "http://loinc.org", ...type }] },
    category: [{ coding: [{ system: CATEGORY_SYSTEM, code: category }] }],
    subject: { reference: patient.fullUrl },
    ...(encounterUrl !== undefined && { encounter: { reference: encounterUrl } }),
    ...(date === undefined ? { _date: { extension: [{ ...ABSENT }] } } : { date }),
    author:
      authors.length === 0 ? [{ extension: [{ ...ABSENT }], display: "Not stated" }] : authors,
    title,
    ...(provider?.resource.resourceType === "Organization" && {
      custodian: { reference: provider.fullUrl },
    }),
    section: [...sectionsOf(parts), ...citedSection(parts.cited)],
  };
}

/** LOINC section codes by the type of the resources in the section. */
const SECTIONS: Readonly<Record<string, { title: string; code?: string; display?: string }>> = {
  AllergyIntolerance: {
    title: "Allergies",
    code: "48765-2",
    display: "Allergies and adverse reactions Document",
  },
  CarePlan: { title: "Plans of care", code: "18776-5", display: "Plan of care note" },
  Claim: { title: "Claims", code: "48768-6", display: "Payment sources Document" },
  Composition: { title: "Documents" },
  Condition: { title: "Problems", code: "11450-4", display: "Problem list - Reported" },
  DiagnosticReport: {
    title: "Reports",
    code: "30954-2",
    display: "Relevant diagnostic tests/laboratory data note",
  },
  Encounter: {
    title: "Visit",
    code: "46240-8",
    display: "History of Hospitalizations+Outpatient visits Narrative",
  },
  ExplanationOfBenefit: { title: "Benefits", code: "48768-6", display: "Payment sources Document" },
  ImagingStudy: { title: "Imaging studies", code: "18748-4", display: "Diagnostic imaging study" },
  Immunization: {
    title: "Immunizations",
    code: "11369-6",
    display: "History of Immunization note",
  },
  MedicationRequest: { title: "Prescriptions", code: "57828-6", display: "Prescription list" },
  MedicationStatement: {
    title: "Medicines",
    code: "10160-0",
    display: "History of Medication use Narrative",
  },
  Observation: {
    title: "Results",
    code: "30954-2",
    display: "Relevant diagnostic tests/laboratory data note",
  },
  Procedure: { title: "Procedures", code: "47519-4", display: "History of Procedures Document" },
  ServiceRequest: { title: "Referrals", code: "57133-1", display: "Referral note" },
};

/** One section for each type among the document's own resources; their copies are reached by reference. */
function sectionsOf<T extends Entry & { readonly json: string }>({
  primaries,
  category,
}: DocumentParts<T>): JsonObject[] {
  const byType = Map.groupBy(primaries, ({ resource }) => resource.resourceType);
  return [...byType].map(([type, entries]) => {
    const known = category === "vitals" && type === "Observation" ? VITALS : SECTIONS[type];
    const { code, display } = known ?? {};
    const lines = entries.map(
      ({ resource }) => `<li>${escapeXml(visibleText(describe(resource)))}</li>`,
    );
    return {
      title: known?.title ?? type,
      ...(code !== undefined && {
        code: { coding: [{ system: "http://loinc.org", code, display: display ?? code }] },
      }),
      text: { status: "generated", div: `<div xmlns="${XHTML}"><ul>${lines.join("")}</ul></div>` },
      entry: entries.map(({ fullUrl }) => ({ reference: fullUrl })),
    };
  });
}

const VITALS = { title: "Vital signs", code: "8716-3", display: "Vital signs" };

/**
 * A document's Composition, of a file that was parsed or of which only the head is known; `undefined` where it does not
 * begin with one.
 */
export function compositionOfHead(
  head: Uint8Array,
  parsed: ParsedResource | undefined,
): FhirResource | undefined {
  const resource = parsed?.resource ?? attempt(() => resourceOfHead(head));
  const first = objectAt(objectsAt(resource, "entry")[0], "resource");
  return first !== undefined && textAt(first, "resourceType") === "Composition"
    ? (first as FhirResource)
    : undefined;
}

/** What the document says of resources that other records hold: as people read it, and each with its code. */
function citedSection(cited: readonly Citation[]): JsonObject[] {
  if (cited.length === 0) return [];
  const lines = cited.map(({ type, concept }) => {
    const words = visibleText(`${type}: ${textAt(concept, "text") ?? ""}`);
    return `<li>${escapeXml(words)}</li>`;
  });
  return [
    {
      extension: cited.map(({ fullUrl, type, concept }) => ({
        url: CITATION,
        extension: [
          { url: "reference", valueUri: fullUrl },
          { url: "type", valueCode: type },
          { url: "concept", valueCodeableConcept: concept },
        ],
      })),
      title: "In other records",
      text: { status: "generated", div: `<div xmlns="${XHTML}"><ul>${lines.join("")}</ul></div>` },
    },
  ];
}

const CITATION = "urn:x-anamnesis:citation";

/** What a document made by `split` says of the resources that it refers to and other records hold. */
export function citationsIn(composition: FhirResource | undefined): Citation[] {
  return objectsAt(composition, "section")
    .flatMap((section) => objectsAt(section, "extension"))
    .filter((extension) => textAt(extension, "url") === CITATION)
    .flatMap((extension) => {
      const parts = objectsAt(extension, "extension");
      const partOf = (url: string) => parts.find((part) => textAt(part, "url") === url);
      const fullUrl = textAt(partOf("reference"), "valueUri");
      const concept = objectAt(partOf("concept"), "valueCodeableConcept");
      const type = textAt(partOf("type"), "valueCode") ?? "";
      return fullUrl === undefined || concept === undefined ? [] : [{ fullUrl, type, concept }];
    });
}

/** What of a resource stands in a head that may be cut off anywhere. */
function resourceOfHead(head: Uint8Array): JsonObject | undefined {
  const text = withoutMark(fromUtf8Loosely(head));
  if (/^\s*</.test(text)) return resourceOfXml(text, readXml(text, { partial: true }));
  const { value } = parseJson(text, { partial: true });
  return isObject(value) ? value : undefined;
}
