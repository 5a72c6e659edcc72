import type { Category } from "./category.ts";
import { objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { codingsAt, isResource } from "./resource.ts";
import type { Coding, FhirResource } from "./resource.ts";

export interface KeywordOptions {
  /** Aliases beside {@link systemAliases}, by system URI: not every national edition has an agreed URI. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** What is said of the document as a whole. */
export interface KeywordContext {
  readonly category: Category;
  /** FHIR dates; each gives its month. */
  readonly dates: readonly string[];
}

/** Most keywords of one document. */
const KEYWORDS_MAX = 64;
const MONTHS_MAX = 24;

/**
 * Short names of code systems in keywords. Codes of any other system stand under its URI. National editions of ICD-10 give
 * one code different meanings below the third character, so each has a name of its own.
 */
const systemAliases: Readonly<Record<string, string>> = {
  "http://hl7.org/fhir/sid/icd-10": "icd10",
  "http://hl7.org/fhir/sid/icd-10-cm": "icd10cm",
  "http://hl7.org/fhir/sid/icd-10-us": "icd10cm",
  "http://fhir.de/CodeSystem/bfarm/icd-10-gm": "icd10gm",
  "http://fhir.de/CodeSystem/dimdi/icd-10-gm": "icd10gm",
  "http://hl7.org/fhir/sid/icd-10-de": "icd10gm",
  "http://hl7.org/fhir/sid/icd-10-am": "icd10am",
  "http://hl7.org/fhir/sid/icd-10-nl": "icd10nl",
  "urn:oid:2.16.156.10011.2.3.3.11": "icd10cn",
  "urn:oid:2.16.840.1.113883.6.3": "icd10",
  "urn:oid:2.16.840.1.113883.6.90": "icd10cm",
  "http://id.who.int/icd/release/11/mms": "icd11",
  "http://snomed.info/sct": "sct",
  "http://loinc.org": "loinc",
  "http://www.nlm.nih.gov/research/umls/rxnorm": "rxnorm",
  "http://www.whocc.no/atc": "atc",
  "http://unitsofmeasure.org": "ucum",
  "http://dicom.nema.org/resources/ontology/DCM": "dcm",
};

/** The clinical elements whose codes are searchable, as paths from the resource. */
const CLINICAL: Readonly<Record<string, readonly string[]>> = {
  Condition: ["code"],
  Observation: ["code", "component.code"],
  DiagnosticReport: ["code"],
  MedicationRequest: ["medicationCodeableConcept"],
  MedicationStatement: ["medicationCodeableConcept"],
  MedicationDispense: ["medicationCodeableConcept"],
  MedicationAdministration: ["medicationCodeableConcept"],
  Medication: ["code"],
  Procedure: ["code"],
  AllergyIntolerance: ["code"],
  Immunization: ["vaccineCode"],
  ImagingStudy: ["modality", "series.modality"],
  ServiceRequest: ["code"],
  Composition: ["type", "category"],
};

const REFUTED: ReadonlySet<string> = new Set(["refuted", "entered-in-error"]);

/**
 * The standard keywords of a document: `cat|…`, `ym|…`, then `alias|code` of each clinical code in the order of the
 * resources, then the parents that ICD-10 and ATC codes spell out. Distinct, NFKC, at most {@link KEYWORDS_MAX}; when
 * there are more, parents go first. Refuted resources and those entered in error give none.
 */
export function keywords(
  resources: readonly FhirResource[],
  context: KeywordContext,
  options: KeywordOptions = {},
): string[] {
  const codings = resources
    .flatMap(withContained)
    .filter((resource) => !isRefuted(resource))
    .flatMap(clinicalCodings);
  return keywordsOf(codings, context, options);
}

/** The same of codes that are known already, in their order. */
export function keywordsOf(
  codings: readonly Coding[],
  context: KeywordContext,
  options: KeywordOptions = {},
): string[] {
  const months = context.dates.flatMap((date) => /^\d{4}-(?:0[1-9]|1[0-2])/.exec(date)?.[0] ?? []);
  const newest = [...new Set(months)].sort((a, b) => (a < b ? 1 : -1)).slice(0, MONTHS_MAX);
  const codes: string[] = [];
  const parents: string[] = [];
  for (const { system, code } of codings) {
    if (system === undefined || code === undefined || canonical(code) === "") continue;
    const alias = options.aliases?.[system] ?? systemAliases[system] ?? canonical(system);
    codes.push(`${alias}|${canonical(code)}`);
    parents.push(...parentsOf(alias, canonical(code)).map((parent) => `${alias}|${parent}`));
  }
  const all = [
    `cat|${context.category}`,
    ...newest.map((month) => `ym|${month}`),
    ...codes,
    ...parents,
  ];
  return [...new Set(all)].slice(0, KEYWORDS_MAX);
}

/** A keyword that a person typed. */
export function textKeyword(text: string): string {
  return `text|${text.normalize("NFKC").trim().toLowerCase()}`;
}

function canonical(code: string): string {
  return code.normalize("NFKC").trim();
}

/** Parents that the code's own text gives: the ICD-10 category, the four ATC levels above a substance. */
function parentsOf(alias: string, code: string): string[] {
  if (/^icd10[a-z]*$/.test(alias)) {
    const category = /^([A-Z]\d[0-9A-Z])\.?[0-9A-Z]/.exec(code)?.[1];
    return category === undefined ? [] : [category];
  }
  if (alias === "atc" && /^[A-Z](\d{2}([A-Z]([A-Z](\d{2})?)?)?)?$/.test(code)) {
    return [5, 4, 3, 1]
      .filter((length) => length < code.length)
      .map((length) => code.slice(0, length));
  }
  return [];
}

function withContained(resource: FhirResource): FhirResource[] {
  return [resource, ...objectsAt(resource, "contained").filter(isResource)];
}

function isRefuted(resource: FhirResource): boolean {
  if (textAt(resource, "status") === "entered-in-error") return true;
  return codingsAt(resource, "verificationStatus").some(({ code }) => REFUTED.has(code ?? ""));
}

function clinicalCodings(resource: FhirResource): Coding[] {
  return (CLINICAL[resource.resourceType] ?? []).flatMap((path) => {
    const [element = "", inner] = path.split(".");
    if (inner === undefined) return codingsAt(resource, element);
    return objectsAt(resource, element).flatMap((part: JsonObject) => codingsAt(part, inner));
  });
}
