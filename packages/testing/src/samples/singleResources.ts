import type { JsonObject, ParsedEntry } from "@anamnesis/fhir";
import { coded, narrative } from "./fhirParts.ts";

/** Types that are taken out of a patient's history: the first of each. */
const TAKEN = [
  "Patient",
  "Condition",
  "Observation",
  "DiagnosticReport",
  "ImagingStudy",
  "MedicationRequest",
];

/** Single resources by the name of their file: some out of a history, and those that no visit leaves behind. */
export function singleResources(entries: readonly ParsedEntry[]): [string, JsonObject][] {
  const taken = TAKEN.map((type): [string, JsonObject] => {
    const found = entries.find(({ resource }) => resource.resourceType === type);
    if (found === undefined) throw new Error(`The history holds no ${type}`);
    return [`${type}-own`, found.resource];
  });
  return [...taken, ...Object.entries(written)];
}

const person = { reference: "Patient/own" };
const doctor = { reference: "Practitioner/own" };
const at = "2025-11-20T08:00:00Z";

const written: Readonly<Record<string, JsonObject>> = {
  "AuditEvent-own": {
    resourceType: "AuditEvent",
    text: narrative("A record was read"),
    type: { system: "http://terminology.hl7.org/CodeSystem/audit-event-type", code: "rest" },
    action: "R",
    recorded: at,
    outcome: "0",
    agent: [{ who: doctor, requestor: true }],
    source: { observer: { display: "General Hospital" } },
    entity: [{ what: person }],
  },
  "Binary-own": { resourceType: "Binary", contentType: "text/plain", data: "bWFkZSB1cA==" },
  "Consent-own": {
    resourceType: "Consent",
    text: narrative("The patient lets City Hospital read"),
    status: "active",
    scope: coded(
      "http://terminology.hl7.org/CodeSystem/consentscope",
      "patient-privacy",
      "Privacy consent",
    ),
    category: [coded("http://loinc.org", "59284-0", "Consent Document")],
    patient: person,
    dateTime: at,
    policy: [{ uri: "urn:x-anamnesis:own-samples:policy" }],
    provision: { type: "permit", period: { start: "2025-11-20", end: "2025-12-20" } },
  },
  "DocumentReference-own": {
    resourceType: "DocumentReference",
    status: "current",
    type: coded("http://loinc.org", "34108-1", "Outpatient note"),
    subject: person,
    date: at,
    content: [{ attachment: { contentType: "text/plain", data: "bWFkZSB1cA==" } }],
  },
  "Provenance-own": {
    resourceType: "Provenance",
    text: narrative("Written by a doctor"),
    target: [{ reference: "DocumentReference/own" }],
    recorded: at,
    agent: [{ who: doctor }],
  },
};
