/** The sample records beside the project, which it does not hold itself, and what is said where they are missing. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { boxed } from "./notices.mjs";
import { projectRoot } from "./pinnedNode.mjs";

/** Where the sample records lie: `fhir/{patients,ips,intl,official,files}` and `fhir/manifest.json`. */
export const samplesFolder = join(projectRoot, "..", "shared", "data");

/** A folder of that name may be somebody else's; the manifest makes it the samples. */
export function hasSamples(folder = samplesFolder) {
  return existsSync(join(folder, "fhir", "manifest.json"));
}

/** Whether this run has to read them. */
export const requiresSamples = (env = process.env) => env["REQUIRE_SAMPLES"] === "1";

/**
 * What was not read, for the reader of a run.
 *
 * @returns {string | undefined} Undefined if the samples are there.
 */
export function samplesNotice(folder = samplesFolder, env = process.env) {
  if (hasSamples(folder)) return undefined;
  return boxed([
    "THE SAMPLE RECORDS ARE NOT THERE. Not read: 20 synthetic patients' records, 3 patient",
    "summaries, a transfer record in Chinese, 18 examples of FHIR R4, a PDF, 2 DICOM files.",
    "The tests ran on records that the project makes itself, which it knows too well.",
    `Looked for: ${join(folder, "fhir", "manifest.json")}`,
    ...(requiresSamples(env) ? ["REQUIRE_SAMPLES=1 is set, so this run fails."] : []),
  ]);
}

/** @returns {boolean} False only if they are missing and `REQUIRE_SAMPLES=1` says that they must not be. */
export function findSamples() {
  const notice = samplesNotice();
  if (notice === undefined) console.log(`Sample records: ${samplesFolder}`);
  else console.error(notice);
  return notice === undefined || !requiresSamples();
}
