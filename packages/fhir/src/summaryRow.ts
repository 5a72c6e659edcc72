import { categoryOf } from "./category.ts";
import { labelOf, quantityOf, referenceRangeOf, valueOf } from "./describe.ts";
import type { ShownValue } from "./describe.ts";
import { Decimal, memberAt, objectAt, objectsAt, textAt } from "./json.ts";
import type { JsonObject } from "./json.ts";
import { clinicalDate, codingsAt, conceptText, resourceName } from "./resource.ts";
import type { FhirResource } from "./resource.ts";

/** Keys of headings, in the order in which the table names them; screens translate them. */
export const headings = [
  "patient",
  "visit",
  "note",
  "problems",
  "allergies",
  "medicines",
  "prescriptions",
  "immunizations",
  "vitals",
  "laboratory",
  "results",
  "imaging",
  "procedures",
  "plans",
  "referrals",
  "messages",
  "documents",
  "consents",
  "billing",
  "other",
] as const;

export type Heading = (typeof headings)[number];

export interface SummaryRow {
  /** What, in the words of the record. */
  readonly label: string;
  /** Decimals as written; empty where the resource says only that something is so. */
  readonly value: string;
  readonly unit?: string;
  /** The record's own interpretation code, such as `H`, `L`, `N` (HL7 v3 ObservationInterpretation). */
  readonly flag?: string;
  /** The reference range as written. */
  readonly reference?: string;
  /** A FHIR date or dateTime. */
  readonly date?: string;
}

/** Finds what a reference leads to within the record. */
export type Follow = (reference: string) => FhirResource | undefined;

const HEADINGS: Readonly<Record<string, Heading>> = {
  Patient: "patient",
  Encounter: "visit",
  Condition: "problems",
  AllergyIntolerance: "allergies",
  MedicationStatement: "medicines",
  MedicationAdministration: "medicines",
  MedicationDispense: "medicines",
  Medication: "medicines",
  MedicationRequest: "prescriptions",
  Immunization: "immunizations",
  ImagingStudy: "imaging",
  Procedure: "procedures",
  CarePlan: "plans",
  Goal: "plans",
  ServiceRequest: "referrals",
  Communication: "messages",
  Composition: "note",
  DocumentReference: "documents",
  Binary: "documents",
  Consent: "consents",
  Claim: "billing",
  ExplanationOfBenefit: "billing",
};

export function headingOf(resource: FhirResource): Heading {
  const known = HEADINGS[resource.resourceType];
  if (known !== undefined) return known;
  if (resource.resourceType !== "Observation" && resource.resourceType !== "DiagnosticReport")
    return "other";
  const category = categoryOf(resource, { known: true });
  return category === "vitals" || category === "laboratory" || category === "imaging"
    ? category
    : "results";
}

/** The rows of one resource: one for most, one a component for Observations that have them, one a message. */
export function rowsOf(resource: FhirResource, follow: Follow): SummaryRow[] {
  switch (resource.resourceType) {
    case "Observation":
      return observationRows(resource);
    case "Communication":
      return objectsAt(resource, "payload").map((payload) =>
        row(
          resource,
          { value: textAt(payload, "contentString") ?? "" },
          senderOf(resource, follow),
        ),
      );
    default: {
      const concerned = medicationOf(resource, follow);
      return [row(resource, shownOf(resource), concerned)];
    }
  }
}

function observationRows(observation: FhirResource): SummaryRow[] {
  const components = objectsAt(observation, "component");
  const own = valueOf(observation);
  const rows =
    own !== undefined || components.length === 0 ? [measured(observation, observation, own)] : [];
  return [
    ...rows,
    ...components.map((component) => measured(observation, component, valueOf(component))),
  ];
}

function measured(
  observation: FhirResource,
  holder: JsonObject,
  shown: ShownValue | undefined,
): SummaryRow {
  const flag = codingsAt(holder, "interpretation").find(({ code }) => code !== undefined)?.code;
  const reference = referenceRangeOf(holder);
  return {
    ...row(
      observation,
      shown ?? { value: conceptText(holder, "dataAbsentReason") ?? "" },
      conceptText(holder, "code"),
    ),
    ...(flag !== undefined && { flag }),
    ...(reference !== undefined && { reference }),
  };
}

function row(resource: FhirResource, shown: ShownValue, label = labelOf(resource)): SummaryRow {
  const date = clinicalDate(resource);
  return { label, ...shown, ...(date !== undefined && { date }) };
}

/** The one value that says most of a resource of this type, in the words of the record. */
function shownOf(resource: FhirResource): ShownValue {
  switch (resource.resourceType) {
    case "Patient":
      return {
        value: [textAt(resource, "gender"), textAt(resource, "birthDate")]
          .filter(Boolean)
          .join(", "),
      };
    case "Encounter":
      return {
        value:
          textAt(objectAt(resource, "class"), "display") ??
          textAt(objectAt(resource, "class"), "code") ??
          "",
      };
    case "Condition":
      return {
        value:
          conceptText(resource, "clinicalStatus") ??
          conceptText(resource, "verificationStatus") ??
          "",
      };
    case "AllergyIntolerance":
      return {
        value:
          reactionsOf(resource) ??
          textAt(resource, "criticality") ??
          conceptText(resource, "clinicalStatus") ??
          "",
      };
    case "MedicationRequest":
    case "MedicationDispense":
      return { value: dosageOf(resource, "dosageInstruction") };
    case "MedicationStatement":
      return { value: dosageOf(resource, "dosage") };
    case "DiagnosticReport":
      return { value: textAt(resource, "conclusion") ?? textAt(resource, "status") ?? "" };
    case "Goal":
      return { value: textAt(resource, "lifecycleStatus") ?? "" };
    case "Claim":
      return amountOf(objectAt(resource, "total"));
    case "ExplanationOfBenefit":
      return amountOf(
        objectAt(resource, "payment") && objectAt(objectAt(resource, "payment"), "amount"),
      );
    default:
      return { value: textAt(resource, "status") ?? "" };
  }
}

/** What an allergy does, in the words of the record. */
export function reactionsOf(resource: FhirResource): string | undefined {
  const manifestations = objectsAt(resource, "reaction").flatMap((reaction) =>
    objectsAt(reaction, "manifestation").map((concept) => conceptText({ concept }, "concept")),
  );
  const found = manifestations.filter((text) => text !== undefined);
  return found.length === 0 ? undefined : found.join(", ");
}

/** Dosage as text; where only its parts are given, the dose and how often. */
export function dosageOf(resource: FhirResource, element: string): string {
  const lines = objectsAt(resource, element).map((dosage) => {
    const text = textAt(dosage, "text") ?? textAt(dosage, "patientInstruction");
    if (text !== undefined) return text;
    const dose = quantityOf(objectAt(objectsAt(dosage, "doseAndRate")[0], "doseQuantity"));
    const repeat = objectAt(objectAt(dosage, "timing"), "repeat");
    const times = numberAt(repeat, "frequency");
    const unit = textAt(repeat, "periodUnit") ?? "";
    const rate =
      times === undefined ? "" : `${times} / ${numberAt(repeat, "period") ?? "1"} ${unit}`;
    return [dose === undefined ? "" : `${dose.value} ${dose.unit ?? ""}`.trim(), rate.trim()]
      .filter(Boolean)
      .join(", ");
  });
  return lines.filter((line) => line !== "").join("; ");
}

function numberAt(parent: JsonObject | undefined, key: string): string | undefined {
  const value = memberAt(parent, key);
  return value instanceof Decimal ? value.text : undefined;
}

function amountOf(money: JsonObject | undefined): ShownValue {
  const { value } = quantityOf(money) ?? { value: "" };
  const currency = textAt(money, "currency");
  return { value, ...(currency !== undefined && value !== "" && { unit: currency }) };
}

function medicationOf(resource: FhirResource, follow: Follow): string | undefined {
  const reference = textAt(objectAt(resource, "medicationReference"), "reference");
  if (reference === undefined) return undefined;
  const contained = objectsAt(resource, "contained").find(
    (one) => `#${textAt(one, "id") ?? ""}` === reference,
  );
  return conceptText(contained, "code") ?? conceptText(follow(reference), "code");
}

function senderOf(resource: FhirResource, follow: Follow): string | undefined {
  const sender = objectAt(resource, "sender");
  return resourceName(follow(textAt(sender, "reference") ?? "")) ?? textAt(sender, "display");
}
