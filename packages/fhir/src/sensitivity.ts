import { codingsAt, isResource } from "./resource.ts";
import type { FhirResource } from "./resource.ts";
import { objectAt, objectsAt, textAt } from "./json.ts";

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
 * Whether a resource says of itself, or of one that it contains, that it is sensitive: by `meta.security`, whatever system a
 * label is given, by a Composition's `confidentiality` or a DocumentReference's `securityLabel`.
 */
export function isSensitive(resource: FhirResource): boolean {
  return [resource, ...objectsAt(resource, "contained").filter(isResource)].some(saysSensitive);
}

function saysSensitive(resource: FhirResource): boolean {
  const codings = codingsAt(objectAt(resource, "meta"), "security");
  if (resource.resourceType === "DocumentReference")
    codings.push(...codingsAt(resource, "securityLabel"));
  const codes = codings.map(({ code }) => code);
  if (resource.resourceType === "Composition") codes.push(textAt(resource, "confidentiality"));
  return codes.some((code) => code !== undefined && labels.has(code));
}
