import type { JsonObject } from "@anamnesis/fhir";

/** A CodeableConcept of one coding. */
export function coded(system: string, code: string, text: string): JsonObject {
  return { coding: [{ system, code, display: text }], text };
}

/** A Narrative of one paragraph. */
export function narrative(text: string): JsonObject {
  const escaped = text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return {
    status: "generated",
    div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${escaped}</p></div>`,
  };
}
