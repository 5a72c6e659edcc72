import { parse, writeJson } from "@anamnesis/fhir";
import type { JsonObject, ParsedResource } from "@anamnesis/fhir";

/** UTF-8. */
export function bytesOf(value: JsonObject | string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(typeof value === "string" ? value : writeJson(value));
}

/** A Bundle of resources; each gets `urn:uuid:` and its id as fullUrl. */
export function bundleOf(type: string, resources: readonly JsonObject[]): ParsedResource {
  const entry = resources.map((resource) => ({ fullUrl: urlOf(resource), resource }));
  return parse(bytesOf({ resourceType: "Bundle", type, entry }));
}

function urlOf({ id }: JsonObject): string {
  return `urn:uuid:${typeof id === "string" ? id : ""}`;
}
