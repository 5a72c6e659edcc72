import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, writeJson } from "./index.ts";
import type { JsonObject, ParsedResource } from "./index.ts";

const HOME = new URL("../../../../shared/data/", import.meta.url);

/** A file of the shared test data. */
export function sample(path: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(path, HOME)));
}

/** Names of the sample files in one folder, such as `fhir/patients`. */
export function samplesIn(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, HOME))
    .filter((name) => name.endsWith(".json"))
    .map((name) => `${folder}/${name}`);
}

export const patientFiles: readonly string[] = samplesIn("fhir/patients");
export const transferFile = "fhir/intl/zh-TW_TESTA-03-bundle.json";

export function bytesOf(value: JsonObject | string): Uint8Array {
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

test("the sample files are there", () => {
  assert.equal(patientFiles.length, 20);
});
