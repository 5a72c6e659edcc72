import { Decimal } from "@anamnesis/fhir";
import type { JsonObject } from "@anamnesis/fhir";
import { coded, narrative } from "./fhirParts.ts";

const ICD10_CM = "http://hl7.org/fhir/sid/icd-10-cm";
const ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
const url = (type: string, id: string): string => `urn:uuid:${type}/${id}`;
const refer = (type: string, id: string): JsonObject => ({ reference: `${type}/${id}` });
const patient = refer("Patient", "pt");

const stays = {
  first: { start: "2025-07-25", end: "2025-08-04" },
  second: { start: "2025-12-22T10:00:00+08:00" },
} as const;
type Stay = keyof typeof stays;

/**
 * A made-up patient who moves between two hospitals after a heart attack: a transaction Bundle in the style of Taiwan's
 * core profile, with relative references, two stays and a document of each.
 */
export function transferRecord(): JsonObject {
  const resources = [
    organization("branch", "河畔醫院東分院", refer("Organization", "main")),
    organization("main", "河畔醫院", undefined),
    {
      resourceType: "Patient",
      id: "pt",
      identifier: [{ system: "urn:x-anamnesis:own-samples", value: "TRANSFER-1" }],
      name: [{ use: "official", text: "高山青" }],
      gender: "male",
      birthDate: "1957-03-15",
      managingOrganization: refer("Organization", "branch"),
    },
    { resourceType: "Practitioner", id: "ward", name: [{ text: "林醫師" }] },
    {
      resourceType: "AllergyIntolerance",
      id: "drug",
      patient,
      code: { text: "Penicillin 類抗生素" },
      note: [{ text: "病人自述過敏史" }],
    },
    ...Object.keys(stays).map((stay) => encounter(stay as Stay)),
    condition("attack", "first", "I21.4", "NSTEMI 非ST段上升型心肌梗塞"),
    condition("vessel", "first", "I25.10", "冠狀動脈疾病"),
    condition("sugar", "first", "E11.9", "第二型糖尿病"),
    condition("failure", "second", "I50.9", "心臟衰竭"),
    medicine("aspirin", "first", "Aspirin 100 mg"),
    medicine("diuretic", "second", "Furosemide 40 mg"),
    ...laboratory(),
    document(
      "discharge",
      "first",
      coded("http://loinc.org", "18842-5", "Discharge summary"),
      "NSTEMI，支架置入後穩定出院",
      [refer("Condition", "attack"), refer("MedicationStatement", "aspirin")],
    ),
    document(
      "transfer",
      "second",
      coded("http://loinc.org", "18761-7", "Transfer summary note"),
      "心臟衰竭，準備轉院手術",
      [refer("Condition", "failure")],
    ),
  ];
  const entry = resources.map((resource) => ({
    fullUrl: url(resource.resourceType, resource.id),
    resource,
    request: { method: "PUT", url: `${resource.resourceType}/${resource.id}` },
  }));
  return { resourceType: "Bundle", type: "transaction", entry };
}

type Named = JsonObject & { readonly resourceType: string; readonly id: string };

const organization = (id: string, name: string, partOf: JsonObject | undefined): Named => ({
  resourceType: "Organization",
  id,
  name,
  ...(partOf !== undefined && { partOf }),
});

const encounter = (stay: Stay): Named => ({
  resourceType: "Encounter",
  id: stay,
  status: stay === "first" ? "finished" : "in-progress",
  class: { system: ACT, code: "IMP", display: "inpatient encounter" },
  subject: patient,
  participant: [{ individual: refer("Practitioner", "ward") }],
  period: { ...stays[stay] },
  serviceProvider: refer("Organization", "branch"),
});

const about = (stay: Stay): JsonObject => ({
  subject: patient,
  encounter: refer("Encounter", stay),
});

const condition = (id: string, stay: Stay, code: string, text: string): Named => ({
  resourceType: "Condition",
  id,
  code: coded(ICD10_CM, code, text),
  ...about(stay),
  recordedDate: stays[stay].start,
});

const medicine = (id: string, stay: Stay, text: string): Named => ({
  resourceType: "MedicationStatement",
  id,
  status: "active",
  medicationCodeableConcept: { text },
  subject: patient,
  context: refer("Encounter", stay),
  effectivePeriod: { start: stays[stay].start },
});

function laboratory(): Named[] {
  const tests = [
    ["troponin", "6598-7", "Troponin T"],
    ["bnp", "33762-6", "NT-proBNP"],
  ] as const;
  return tests.map(([id, loinc, text]) => ({
    resourceType: "Observation",
    id,
    status: "final",
    category: [{ coding: [{ code: "laboratory" }] }],
    code: coded("http://loinc.org", loinc, text),
    ...about("second"),
    effectiveDateTime: stays.second.start,
    valueQuantity: { value: new Decimal("812"), unit: "ng/L" },
  }));
}

const document = (
  id: string,
  stay: Stay,
  type: JsonObject,
  words: string,
  entry: JsonObject[],
): Named => ({
  resourceType: "Composition",
  id,
  status: "final",
  type,
  ...about(stay),
  date: stays[stay].start,
  author: [refer("Practitioner", "ward")],
  title: stay === "first" ? "出院病摘" : "轉診摘要",
  section: [{ title: "病程", text: narrative(words), entry }],
});
