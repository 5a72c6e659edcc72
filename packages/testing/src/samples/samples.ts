/** The sample records that tests read: those beside the project, or in their place records of the project's own making. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  hasSamples,
  requiresSamples,
  samplesFolder,
  samplesNotice,
} from "../../../../tools/samples.mjs";
import { ownSamples } from "./ownSamples.ts";

export interface Samples {
  /** Files of one folder, such as `fhir/patients`, as paths for {@link Samples.read}; sorted. */
  in(folder: string): readonly string[];
  /** @throws if no such file is there. */
  read(path: string): Uint8Array<ArrayBuffer>;
}

/** The samples in `folder`; without them `own` ones, which is said, or an error where `required`. */
export function openSamples(folder: string, required: boolean, own: () => Samples): Samples {
  if (!hasSamples(folder)) {
    const notice = samplesNotice(folder) ?? "";
    assert.ok(!required, `The sample records are missing and required\n${notice}`);
    console.error(notice);
    return own();
  }
  return {
    in: (kind) =>
      readdirSync(join(folder, kind))
        .toSorted()
        .map((name) => `${kind}/${name}`),
    read: (path) => new Uint8Array(readFileSync(join(folder, path))),
  };
}

export const samples: Samples = openSamples(samplesFolder, requiresSamples(), ownSamples);

export const patientFiles: readonly string[] = samples.in("fhir/patients");
/** A patient moves between hospitals: two stays, two documents, Chinese names, ICD-10-CM. */
export const transferFile: string = samples.in("fhir/intl")[0] ?? "";
