import { codingsAt } from "./resource.ts";
import type { Coding, FhirResource } from "./resource.ts";
import { objectAt, textAt } from "./json.ts";
import { FhirError } from "./fhirError.ts";

/** The categories that patients grant by. Their order is the order of the documents of one encounter. */
export const categories = [
  "encounter-note",
  "discharge-summary",
  "problems",
  "allergies",
  "immunizations",
  "laboratory",
  "pathology",
  "imaging",
  "prescription",
  "medicines",
  "referral",
  "vitals",
  "online-consultation",
  "patient-summary",
  "consent-paperwork",
  "billing",
] as const;

export type Category = (typeof categories)[number];

/** The code system of {@link categories} in `Composition.category`. */
export const CATEGORY_SYSTEM = "urn:x-anamnesis:category";

function isCategory(text: string): text is Category {
  return (categories as readonly string[]).includes(text);
}

/** @throws {FhirError} `CATEGORY_UNKNOWN` */
export function parseCategory(text: string): Category {
  if (isCategory(text)) return text;
  throw new FhirError(
    "CATEGORY_UNKNOWN",
    `Unknown category, wanted one of ${categories.join(", ")}`,
  );
}

/** `Composition.type` of the documents we make, and the document types (LOINC) that we read as each category. */
export const documentTypes: Readonly<
  Record<Category, readonly { code: string; display: string }[]>
> = {
  "encounter-note": [
    { code: "34109-9", display: "Note" },
    { code: "11506-3", display: "Progress note" },
    { code: "34117-2", display: "History and physical note" },
    { code: "11488-4", display: "Consult note" },
    { code: "11504-8", display: "Surgical operation note" },
    { code: "28570-0", display: "Procedure note" },
    { code: "34108-1", display: "Outpatient Note" },
    { code: "34111-5", display: "Emergency department Note" },
    { code: "34746-8", display: "Nurse Note" },
    { code: "52521-2", display: "Overall plan of care/advance care directives" },
  ],
  "discharge-summary": [
    { code: "18842-5", display: "Discharge summary" },
    { code: "18761-7", display: "Transfer summary note" },
    { code: "34105-7", display: "Hospital Discharge summary" },
  ],
  problems: [{ code: "11450-4", display: "Problem list - Reported" }],
  allergies: [{ code: "48765-2", display: "Allergies and adverse reactions Document" }],
  immunizations: [
    { code: "11369-6", display: "History of Immunization note" },
    { code: "82593-5", display: "Immunization summary report" },
  ],
  laboratory: [{ code: "11502-2", display: "Laboratory report" }],
  pathology: [{ code: "11526-1", display: "Pathology study" }],
  imaging: [{ code: "18748-4", display: "Diagnostic imaging study" }],
  prescription: [{ code: "57833-6", display: "Prescription for medication" }],
  medicines: [
    { code: "10160-0", display: "History of Medication use Narrative" },
    { code: "56445-0", display: "Medication summary Document" },
  ],
  referral: [{ code: "57133-1", display: "Referral note" }],
  vitals: [{ code: "8716-3", display: "Vital signs" }],
  "online-consultation": [{ code: "34109-9", display: "Note" }],
  "patient-summary": [
    { code: "60591-5", display: "Patient summary Document" },
    { code: "34133-9", display: "Summary of episode note" },
  ],
  "consent-paperwork": [
    { code: "59284-0", display: "Consent Document" },
    { code: "64292-6", display: "Release of information consent" },
  ],
  billing: [{ code: "48768-6", display: "Payment sources Document" }],
};

/** Titles of the documents we make; screens have their own words. */
export const categoryTitles: Readonly<Record<Category, string>> = {
  "encounter-note": "Visit note",
  "discharge-summary": "Discharge summary",
  problems: "Problems",
  allergies: "Allergies",
  immunizations: "Immunizations",
  laboratory: "Laboratory report",
  pathology: "Pathology report",
  imaging: "Imaging",
  prescription: "Prescription",
  medicines: "Medicines",
  referral: "Referral",
  vitals: "Vital signs",
  "online-consultation": "Online consultation",
  "patient-summary": "Patient summary",
  "consent-paperwork": "Consent paperwork",
  billing: "Billing",
};

const LOINC = "http://loinc.org";
const categoryByDocumentType = new Map(
  categories
    .filter((category) => category !== "online-consultation")
    .flatMap((category) => documentTypes[category].map(({ code }) => [code, category] as const)),
);
const VITAL_SIGNS = new Set(["vital-signs", "vital-sign", "vitals"]);
/** Observations that say no category but are vital signs (R4 vital-signs profiles, LOINC). */
const VITAL_SIGN_CODES = new Set([
  "85353-1",
  "85354-9",
  "8480-6",
  "8462-4",
  "55284-4",
  "8867-4",
  "9279-1",
  "8310-5",
  "2708-6",
  "59408-5",
  "8302-2",
  "29463-7",
  "39156-5",
]);
/** Those of tissue and cells: pathology, surgical pathology, cytopathology, cytogenetics, and LOINC's class of pathology reports. */
const PATHOLOGY_SECTIONS = new Set("PAT SP CP CG LP7839-6".split(" "));
/** Diagnostic service sections of HL7 table 0074 that make images, and LOINC's class of radiology reports. */
const IMAGING_SECTIONS = new Set(
  "RAD IMG imaging RUS NMR NMS CT CUS OUS VUS XRC RT CTH LP29684-5".split(" "),
);

/**
 * The category of one resource, with the Encounter it belongs to if that is known.
 *
 * A resource that no row names is `encounter-note` within an encounter (`online-consultation` within a virtual one) and
 * `patient-summary` without.
 */
export function categoryOf(
  resource: FhirResource,
  encounter: { readonly known: boolean; readonly resource?: FhirResource | undefined },
): Category {
  return categoryByKind(resource) ?? restOf(encounter);
}

/** The category that a Composition or DocumentReference states by our code or by a LOINC document type. */
export function statedCategory(resource: FhirResource): Category | undefined {
  const codings = [...codingsAt(resource, "category"), ...codingsAt(resource, "type")];
  const ours = codings.find(
    ({ system, code }) => system === CATEGORY_SYSTEM && isCategory(code ?? ""),
  );
  if (ours?.code !== undefined && isCategory(ours.code)) return ours.code;
  return documentCategory(codings);
}

function categoryByKind(resource: FhirResource): Category | undefined {
  switch (resource.resourceType) {
    case "Observation":
      return observationCategory(resource);
    case "DiagnosticReport":
      return reportCategory(resource);
    case "Specimen":
    case "MolecularSequence":
      return "laboratory";
    case "AllergyIntolerance":
      return "allergies";
    case "Immunization":
    case "ImmunizationEvaluation":
    case "ImmunizationRecommendation":
      return "immunizations";
    case "Condition":
      return conditionCategory(resource);
    case "MedicationStatement":
    case "MedicationAdministration":
    case "MedicationDispense":
      return "medicines";
    case "ImagingStudy":
      return "imaging";
    case "MedicationRequest":
    case "Medication":
    case "VisionPrescription":
      return "prescription";
    case "ServiceRequest":
      return "referral";
    case "Consent":
      return "consent-paperwork";
    case "Claim":
    case "ClaimResponse":
    case "ExplanationOfBenefit":
    case "Coverage":
    case "Account":
    case "ChargeItem":
    case "Invoice":
    case "PaymentNotice":
    case "PaymentReconciliation":
      return "billing";
    case "Composition":
    case "DocumentReference":
      return statedCategory(resource);
    default:
      return undefined;
  }
}

/** A line of the problem list; what was diagnosed at an encounter is part of its note. */
const conditionCategory = (resource: FhirResource): Category | undefined =>
  codingsAt(resource, "category").some(({ code }) => code === "problem-list-item")
    ? "problems"
    : undefined;

function observationCategory(resource: FhirResource): Category | undefined {
  const stated = codingsAt(resource, "category").map(({ code }) => code ?? "");
  if (stated.some((code) => VITAL_SIGNS.has(code))) return "vitals";
  if (stated.includes("laboratory")) return "laboratory";
  if (stated.includes("imaging")) return "imaging";
  const coded = codingsAt(resource, "code").some(
    ({ system, code }) => system === LOINC && VITAL_SIGN_CODES.has(code ?? ""),
  );
  return stated.length === 0 && coded ? "vitals" : undefined;
}

/** The category of a diagnostic service section (HL7 table 0074). */
export function sectionCategory(code: string): Category | undefined {
  if (IMAGING_SECTIONS.has(code)) return "imaging";
  return PATHOLOGY_SECTIONS.has(code) ? "pathology" : undefined;
}

function reportCategory(resource: FhirResource): Category | undefined {
  const stated = codingsAt(resource, "category");
  const sections = stated.flatMap(({ code }) => sectionCategory(code ?? "") ?? []);
  if (sections.length > 0) return sections.includes("imaging") ? "imaging" : "pathology";
  const note = documentCategory(stated);
  if (note !== undefined) return note === "encounter-note" ? undefined : note;
  return stated.length === 0 && resource["imagingStudy"] !== undefined ? "imaging" : "laboratory";
}

/** The category of the first coding that is a LOINC document type of {@link documentTypes}. */
export function documentCategory(codings: readonly Coding[]): Category | undefined {
  for (const { system, code } of codings) {
    const category =
      system === LOINC && code !== undefined ? categoryByDocumentType.get(code) : undefined;
    if (category !== undefined) return category;
  }
  return undefined;
}

function restOf(encounter: {
  readonly known: boolean;
  readonly resource?: FhirResource | undefined;
}): Category {
  if (!encounter.known) return "patient-summary";
  const virtual = textAt(objectAt(encounter.resource, "class"), "code") === "VR";
  return virtual ? "online-consultation" : "encounter-note";
}
