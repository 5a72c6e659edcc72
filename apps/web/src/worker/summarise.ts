/** What only an opened record needs, in a script of its own. */
export { parse } from "@anamnesis/fhir";
export { summarise } from "@anamnesis/fhir/summary";
