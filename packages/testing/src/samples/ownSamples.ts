/** Records of the project's own making, in the folders and of the kinds of the sample records. */
import { parse, writeJson } from "@anamnesis/fhir";
import type { JsonObject, ParsedEntry } from "@anamnesis/fhir";
import { syntheticPatient, syntheticPdf } from "@anamnesis/fhir/synthetic";
import { dicomSlice } from "./dicomSlice.ts";
import { patientSummary } from "./patientSummary.ts";
import type { Samples } from "./samples.ts";
import { singleResources } from "./singleResources.ts";
import { transferRecord } from "./transferRecord.ts";

const PATIENTS = 20;
const VISITS = 8;
const SUMMARIES = 3;

/** The same files with the same bytes at every call. */
export function ownSamples(): Samples {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const add = (path: string, value: JsonObject | string): void => {
    const json = typeof value === "string" ? value : writeJson(value);
    files.set(`fhir/${path}`, new TextEncoder().encode(json));
  };
  const seeds = Array.from({ length: PATIENTS }, (_, index) => index + 1);
  for (const seed of seeds) {
    add(`patients/own_${String(seed).padStart(2, "0")}.json`, wholeHistory(seed));
  }
  for (const seed of seeds.slice(0, SUMMARIES)) {
    add(`ips/own_summary_${seed}.json`, patientSummary(entriesOf(seed)));
  }
  add("intl/own_transfer.json", transferRecord());
  for (const [name, resource] of singleResources(entriesOf(1))) {
    add(`official/${name}.json`, resource);
  }
  files.set("fhir/files/own_letter.pdf", syntheticPdf(1));
  files.set("fhir/files/own_slice.dcm", dicomSlice(64));
  files.set("fhir/files/own_small.dcm", dicomSlice(8));
  return {
    in: (folder) => [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).toSorted(),
    read: (path) => {
      const bytes = files.get(path);
      if (bytes === undefined) throw new Error(`No sample of our own making is named "${path}"`);
      return bytes.slice();
    },
  };
}

/** Every resource of all visits of one made-up patient, each once. */
function entriesOf(seed: number): ParsedEntry[] {
  const { bundles } = syntheticPatient(seed, { visits: VISITS });
  const all = bundles.flatMap(({ bytes }) => parse(bytes).entries);
  return [...new Map(all.map((entry) => [entry.fullUrl, entry])).values()];
}

/** All visits in one transaction Bundle, each resource in its own text. */
function wholeHistory(seed: number): string {
  const entries = entriesOf(seed).map(
    ({ fullUrl, json, resource }) =>
      `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${json},` +
      `"request":{"method":"POST","url":${JSON.stringify(resource.resourceType)}}}`,
  );
  return `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(",")}]}`;
}
