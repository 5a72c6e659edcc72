import type { JsonObject, ParsedEntry } from "@anamnesis/fhir";
import { coded, narrative } from "./fhirParts.ts";

const SECTIONS = [
  ["Active problems", "11450-4", "Problem list", "Condition"],
  ["Medicines", "10160-0", "History of medication use", "MedicationRequest"],
  ["Results", "30954-2", "Relevant diagnostic tests", "Observation"],
] as const;

/** A document Bundle after the International Patient Summary, out of one patient's resources. */
export function patientSummary(entries: readonly ParsedEntry[]): JsonObject {
  const urlsOf = (...types: string[]): string[] =>
    entries
      .filter(({ resource }) => types.includes(resource.resourceType))
      .map(({ fullUrl }) => fullUrl ?? "");
  const [patient = ""] = urlsOf("Patient");
  const [doctor = ""] = urlsOf("Practitioner");
  const composition = {
    resourceType: "Composition",
    id: "summary",
    text: narrative("Patient summary, made up"),
    status: "final",
    type: coded("http://loinc.org", "60591-5", "Patient summary Document"),
    subject: { reference: patient },
    date: "2025-11-20T14:30:00+08:00",
    author: [{ reference: doctor }],
    title: "Patient summary as of 20 November 2025",
    section: SECTIONS.map(([title, code, display, type]) => ({
      title,
      code: coded("http://loinc.org", code, display),
      text: narrative(`${title}: “${urlsOf(type).length}” entries & no more`),
      entry: urlsOf(type).map((reference) => ({ reference })),
    })),
  };
  return {
    resourceType: "Bundle",
    identifier: { system: "urn:x-anamnesis:own-samples", value: `summary of ${patient}` },
    type: "document",
    timestamp: "2025-11-20T14:30:00+08:00",
    entry: [
      { fullUrl: `${patient}/summary`, resource: composition },
      ...entries
        .filter(({ resource }) => resource.resourceType !== "Communication")
        .map(({ fullUrl, resource }) => ({ fullUrl: fullUrl ?? "", resource })),
    ],
  };
}
