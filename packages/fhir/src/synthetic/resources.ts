import { Decimal } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { FhirResource } from "../resource.ts";
import { deriveUuid } from "../uuid.ts";
import { bloodPressure } from "./catalogue.ts";
import type { Disease, LabTest } from "./catalogue.ts";
import type { Random } from "./random.ts";

const SCT = "http://snomed.info/sct";
const LOINC = "http://loinc.org";
const ICD10 = "http://hl7.org/fhir/sid/icd-10";
const ATC = "http://www.whocc.no/atc";
const UCUM = "http://unitsofmeasure.org";
const TERMS = "http://terminology.hl7.org/CodeSystem";

export interface Made {
  readonly fullUrl: string;
  readonly resource: FhirResource;
}

/** What every resource of a visit refers to. */
export interface VisitContext {
  readonly seed: number;
  readonly visit: number;
  readonly random: Random;
  readonly patient: Made;
  readonly doctor: Made;
  readonly institution: Made;
  readonly encounter: Made;
  /** FHIR dateTime. */
  readonly at: string;
}

/** A resource under a UUID that its name fixes. */
export function make(
  name: readonly (string | number)[],
  resourceType: string,
  content: JsonObject,
): Made {
  const id = deriveUuid("synthetic", ...name.map(String));
  return { fullUrl: `urn:uuid:${id}`, resource: { resourceType, id, ...content } };
}

export function refer({ fullUrl }: Made): JsonObject {
  return { reference: fullUrl };
}

export function coded(system: string, code: string, text: string): JsonObject {
  return { coding: [{ system, code, display: text }], text };
}

function about({ patient, encounter }: VisitContext): JsonObject {
  return { subject: refer(patient), encounter: refer(encounter) };
}

export function condition(context: VisitContext, disease: Disease): Made {
  return make([context.seed, context.visit, "condition", disease.icd10], "Condition", {
    clinicalStatus: { coding: [{ system: `${TERMS}/condition-clinical`, code: "active" }] },
    verificationStatus: {
      coding: [{ system: `${TERMS}/condition-ver-status`, code: "confirmed" }],
    },
    category: [
      { coding: [{ system: `${TERMS}/condition-category`, code: "encounter-diagnosis" }] },
    ],
    code: {
      coding: [
        { system: ICD10, code: disease.icd10, display: disease.text },
        { system: SCT, code: disease.snomed, display: disease.text },
      ],
      text: disease.text,
    },
    ...about(context),
    recordedDate: context.at,
    recorder: refer(context.doctor),
  });
}

export function prescription(
  context: VisitContext,
  { medicine, icd10 }: Disease,
  reason: Made,
): Made {
  return make([context.seed, context.visit, "prescription", icd10], "MedicationRequest", {
    status: "active",
    intent: "order",
    medicationCodeableConcept: coded(ATC, medicine.atc, medicine.text),
    ...about(context),
    authoredOn: context.at,
    requester: refer(context.doctor),
    reasonReference: [refer(reason)],
    dosageInstruction: [{ text: medicine.dosage }],
  });
}

export function quantity(test: LabTest, value: string): JsonObject {
  return { value: new Decimal(value), unit: test.unit, system: UCUM, code: test.ucum };
}

function fixed(value: number, digits: number): string {
  const text = value.toString().padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** A drawn value with its reference range, and the flag that the range gives it. */
function result(test: LabTest, random: Random): JsonObject {
  const drawn = random.decimal(test.drawn[0], test.drawn[1], test.digits);
  const [low, high] = test.normal;
  const value = Number(drawn.replace(".", ""));
  const flag = value < low ? "L" : value > high ? "H" : "N";
  return {
    valueQuantity: quantity(test, drawn),
    interpretation: [{ coding: [{ system: `${TERMS}/v3-ObservationInterpretation`, code: flag }] }],
    referenceRange: [
      {
        low: quantity(test, fixed(low, test.digits)),
        high: quantity(test, fixed(high, test.digits)),
      },
    ],
  };
}

export function observation(
  context: VisitContext,
  test: LabTest,
  category: "laboratory" | "vital-signs",
): Made {
  return make([context.seed, context.visit, category, test.loinc], "Observation", {
    status: "final",
    category: [{ coding: [{ system: `${TERMS}/observation-category`, code: category }] }],
    code: coded(LOINC, test.loinc, test.text),
    ...about(context),
    effectiveDateTime: context.at,
    performer: [refer(context.doctor)],
    ...result(test, context.random),
  });
}

export function pressure(context: VisitContext): Made {
  const { loinc, text, systolic, diastolic } = bloodPressure;
  return make([context.seed, context.visit, "vital-signs", loinc], "Observation", {
    status: "final",
    category: [{ coding: [{ system: `${TERMS}/observation-category`, code: "vital-signs" }] }],
    code: coded(LOINC, loinc, text),
    ...about(context),
    effectiveDateTime: context.at,
    component: [systolic, diastolic].map((test) => ({
      code: coded(LOINC, test.loinc, test.text),
      ...result(test, context.random),
    })),
  });
}

export function labReport(context: VisitContext, results: readonly Made[]): Made {
  return make([context.seed, context.visit, "report"], "DiagnosticReport", {
    status: "final",
    category: [{ coding: [{ system: `${TERMS}/v2-0074`, code: "LAB" }] }],
    code: coded(LOINC, "11502-2", "Laboratory report"),
    ...about(context),
    effectiveDateTime: context.at,
    performer: [refer(context.institution)],
    result: results.map(refer),
  });
}

export function imaging(context: VisitContext, conclusion: string): Made[] {
  const uid = `2.25.${context.random.integer(1_000_000, 999_999_999)}${context.visit}`;
  const study = make([context.seed, context.visit, "study"], "ImagingStudy", {
    identifier: [{ system: "urn:dicom:uid", value: `urn:oid:${uid}` }],
    status: "available",
    modality: [
      { system: "http://dicom.nema.org/resources/ontology/DCM", code: "CT", display: "CT" },
    ],
    ...about(context),
    started: context.at,
    description: "CT of the head",
  });
  const report = make([context.seed, context.visit, "imaging-report"], "DiagnosticReport", {
    status: "final",
    category: [{ coding: [{ system: `${TERMS}/v2-0074`, code: "RAD" }] }],
    code: coded(LOINC, "18748-4", "Imaging report"),
    ...about(context),
    effectiveDateTime: context.at,
    performer: [refer(context.doctor)],
    imagingStudy: [refer(study)],
    conclusion,
  });
  return [study, report];
}

export function referral(context: VisitContext, text: string): Made {
  return make([context.seed, context.visit, "referral"], "ServiceRequest", {
    status: "active",
    intent: "order",
    code: { text },
    ...about(context),
    authoredOn: context.at,
    requester: refer(context.doctor),
  });
}

export function message(context: VisitContext, number: number, sender: Made, text: string): Made {
  return make([context.seed, context.visit, "message", number], "Communication", {
    language: "zh-CN",
    status: "completed",
    ...about(context),
    sent: context.at,
    sender: refer(sender),
    payload: [{ contentString: text }],
  });
}

export function claim(context: VisitContext): Made {
  const amount = context.random.decimal(8_000, 95_000, 2);
  return make([context.seed, context.visit, "claim"], "Claim", {
    status: "active",
    type: { coding: [{ system: `${TERMS}/claim-type`, code: "institutional" }] },
    use: "claim",
    patient: refer(context.patient),
    created: context.at,
    provider: refer(context.institution),
    priority: { coding: [{ system: `${TERMS}/processpriority`, code: "normal" }] },
    insurance: [
      { sequence: new Decimal("1"), focal: true, coverage: { display: "Public health insurance" } },
    ],
    item: [
      {
        sequence: new Decimal("1"),
        productOrService: { text: "Visit" },
        encounter: [refer(context.encounter)],
      },
    ],
    total: { value: new Decimal(amount), currency: "CNY" },
  });
}
