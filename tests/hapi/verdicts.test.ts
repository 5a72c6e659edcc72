import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { FhirError, parse } from "@anamnesis/fhir";
import { validate } from "@anamnesis/fhir/validate";
import { samples } from "@anamnesis/testing/samples/samples";
import type { HapiVerdict } from "./askHapi.ts";
import { cases } from "./cases.ts";

/** What HAPI calls an error and we do not, by the ids of its messages, each with the reason. */
const ACCEPTED: Readonly<Record<string, string>> = {
  Type_Specific_Checks_DT_UUID_Valid:
    "urn:uuid: before something else, as some exports write: links resolve",
  BUNDLE_BUNDLE_ENTRY_NOTFOUND_APPARENT:
    "follows from such addresses; dangling references are warnings",
  Bundle_BUNDLE_Entry_Orphan_DOCUMENT: "an entry that the Composition does not reach is a warning",
  BUNDLE_ENTRY_URL_MATCHES_TYPE_ID:
    "an address whose id is not the resource's: both are kept as they came",
  Type_Specific_Checks_DT_XHTML_Resolve: "a link inside of a narrative leads nowhere",
  Terminology_PassThrough_TX_Message: "codes of systems that we hold no content of",
  "http://hl7.org/fhir/StructureDefinition/AllergyIntolerance#ait-1":
    "an invariant that the structure check does not evaluate",
};

interface Golden {
  readonly files: readonly (HapiVerdict & { readonly name: string; readonly sha256: string })[];
}
const path = new URL("../vectors/hapi-verdicts.json", import.meta.url);
const golden = JSON.parse(await readFile(path, "utf8")) as Golden;
const known = new Map(golden.files.map((file) => [file.sha256, file]));
const present = cases(samples);

test("validate() accepts nothing that HAPI refuses, but for what is listed with its reason", async (t) => {
  const judged = present.filter(({ sha256 }) => known.has(sha256));
  const mutants = present.filter(({ name }) => name.startsWith("mutant/"));
  assert.ok(mutants.length >= 60);
  assert.deepEqual(
    mutants.filter(({ sha256 }) => !known.has(sha256)).map(({ name }) => name),
    [],
    "mutants without a verdict: make tests/vectors/hapi-verdicts.json anew",
  );
  t.diagnostic(`${judged.length} of ${present.length} files have a verdict of HAPI's`);
  const falseAccepts: string[] = [];
  for (const { name, bytes, sha256 } of judged) {
    const { errors, messages } = known.get(sha256)!;
    const unlisted = messages.filter((id) => ACCEPTED[id] === undefined);
    if (errors > 0 && unlisted.length > 0 && (await accepts(bytes)))
      falseAccepts.push(`${name}: ${unlisted.join(", ")}`);
  }
  assert.deepEqual(falseAccepts, []);
});

test("each listed reason stands for something that HAPI says", () => {
  const said = new Set(golden.files.flatMap(({ messages }) => messages));
  assert.deepEqual(
    Object.keys(ACCEPTED).filter((id) => !said.has(id)),
    [],
  );
});

async function accepts(bytes: Uint8Array): Promise<boolean> {
  try {
    return (await validate(parse(bytes))).every(({ severity }) => severity !== "error");
  } catch (error) {
    if (error instanceof FhirError) return false;
    throw error;
  }
}
