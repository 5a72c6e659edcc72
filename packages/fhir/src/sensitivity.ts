import { codingsAt } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { objectAt, textAt } from "./json.ts";

/**
 * Security labels that make a record sensitive: confidentiality R and V, and the sensitivity codes that consents must
 * tell apart (HL7 v3 Confidentiality and ActCode; PCF Advanced).
 */
export const sensitivityLabels = [
  "R",
  "V",
  "PSY",
  "HIV",
  "ETH",
  "ETHUD",
  "OPIOIDUD",
  "SDV",
] as const;

const labels: ReadonlySet<string> = new Set(sensitivityLabels);

/**
 * Whether a resource says of itself that it is sensitive: by `meta.security`, whatever system a label is given, or by a
 * Composition's `confidentiality`.
 */
export function isSensitive(resource: FhirResource): boolean {
  const codes = codingsAt(objectAt(resource, "meta"), "security").map(({ code }) => code);
  if (resource.resourceType === "Composition") codes.push(textAt(resource, "confidentiality"));
  return codes.some((code) => code !== undefined && labels.has(code));
}
