import assert from "node:assert/strict";
import { test } from "node:test";
import { keywords, parse, split, textKeyword } from "./index.ts";
import type { FhirResource, JsonObject } from "./index.ts";
import { samples, transferFile } from "@anamnesis/testing/samples/samples";

const CONTEXT = { category: "laboratory", dates: ["2026-11-20T08:00:00Z"] } as const;
const ICD10 = "http://hl7.org/fhir/sid/icd-10";
const coded = (system: string, ...codes: string[]): JsonObject => ({
  coding: codes.map((code) => ({ system, code })),
});
const condition = (code: JsonObject, more: JsonObject = {}): FhirResource => ({
  resourceType: "Condition",
  code,
  ...more,
});

test("keywords() gives fixed vectors", async (t) => {
  const rows: readonly (readonly [string, FhirResource, readonly string[]])[] = [
    ["ICD-10 and its category", condition(coded(ICD10, "I63.9")), ["icd10|I63.9", "icd10|I63"]],
    ["ICD-10-CM", condition(coded(`${ICD10}-cm`, "T82.855A")), ["icd10cm|T82.855A", "icd10cm|T82"]],
    [
      "ICD-10-GM",
      condition(coded("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "I63.9")),
      ["icd10gm|I63.9", "icd10gm|I63"],
    ],
    [
      "ICD-10 of China",
      condition(coded("urn:oid:2.16.156.10011.2.3.3.11", "I63.902")),
      ["icd10cn|I63.902", "icd10cn|I63"],
    ],
    ["an ICD-10 category alone", condition(coded(ICD10, "I10")), ["icd10|I10"]],
    [
      "SNOMED CT without ancestors",
      condition(coded("http://snomed.info/sct", "230690007")),
      ["sct|230690007"],
    ],
    ["ICD-11", condition(coded("http://id.who.int/icd/release/11/mms", "8B11")), ["icd11|8B11"]],
    [
      "full-width digits and blanks",
      condition(coded(ICD10, " Ｉ６３.９ ")),
      ["icd10|I63.9", "icd10|I63"],
    ],
    ["a system without alias", condition(coded("urn:oid:1.2.3", "x")), ["urn:oid:1.2.3|x"]],
    ["a code without system", condition({ coding: [{ code: "x" }] }), []],
    [
      "refuted",
      condition(coded(ICD10, "I63.9"), { verificationStatus: coded("s", "refuted") }),
      [],
    ],
    [
      "entered in error",
      condition(coded(ICD10, "I63.9"), { verificationStatus: coded("s", "entered-in-error") }),
      [],
    ],
    [
      "observation in error",
      {
        resourceType: "Observation",
        status: "entered-in-error",
        code: coded("http://loinc.org", "1-8"),
      },
      [],
    ],
    [
      "ATC levels",
      {
        resourceType: "MedicationRequest",
        medicationCodeableConcept: coded("http://www.whocc.no/atc", "B01AC06"),
      },
      ["atc|B01AC06", "atc|B01AC", "atc|B01A", "atc|B01", "atc|B"],
    ],
    [
      "components",
      {
        resourceType: "Observation",
        code: coded("http://loinc.org", "85354-9"),
        component: [{ code: coded("http://loinc.org", "8480-6") }],
      },
      ["loinc|85354-9", "loinc|8480-6"],
    ],
    [
      "modality, a bare Coding",
      {
        resourceType: "ImagingStudy",
        modality: [{ system: "http://dicom.nema.org/resources/ontology/DCM", code: "CT" }],
      },
      ["dcm|CT"],
    ],
    [
      "a contained Medication",
      {
        resourceType: "MedicationRequest",
        contained: [{ resourceType: "Medication", code: coded("http://www.whocc.no/atc", "B") }],
      },
      ["atc|B"],
    ],
    [
      "family history",
      { resourceType: "FamilyMemberHistory", condition: [{ code: coded(ICD10, "I63.9") }] },
      [],
    ],
    [
      "what is not clinical",
      {
        resourceType: "Patient",
        maritalStatus: coded("urn:m", "M"),
        communication: [{ language: coded("urn:l", "en") }],
      },
      [],
    ],
  ];
  for (const [name, resource, want] of rows) {
    await t.test(name, () => {
      assert.deepEqual(keywords([resource], CONTEXT), ["cat|laboratory", "ym|2026-11", ...want]);
    });
  }
});

test("keywords() stops at 64, parents first to go, each once", () => {
  const codes = Array.from({ length: 80 }, (_, number) => `A${String(number).padStart(2, "0")}.1`);
  const found = keywords([condition(coded(ICD10, ...codes, ...codes))], CONTEXT);
  assert.equal(found.length, 64);
  assert.ok(
    found.every(
      (keyword) =>
        keyword.includes(".1") || keyword.startsWith("cat|") || keyword.startsWith("ym|"),
    ),
  );
});

test("keywords() takes aliases for national editions", () => {
  const aliases = { "urn:oid:cn-icd10": "icd10" };
  assert.deepEqual(
    keywords(
      [condition(coded("urn:oid:cn-icd10", "I63.900"))],
      { ...CONTEXT, dates: ["2026", "x"] },
      { aliases },
    ),
    ["cat|laboratory", "icd10|I63.900", "icd10|I63"],
  );
});

test("split() finds the diagnoses of the transfer case", () => {
  const documents = split(parse(samples.read(transferFile)), { timestamp: "2026-11-20T08:00:00Z" });
  const all = new Set(documents.flatMap((document) => document.keywords));
  for (const keyword of [
    "icd10cm|I21.4",
    "icd10cm|I21",
    "icd10cm|I25.10",
    "icd10cm|I50.9",
    "icd10cm|E11.9",
    "ym|2025-12",
  ])
    assert.ok(all.has(keyword));
});

test("textKeyword() folds width and case", () => {
  assert.equal(textKeyword(" Ｓtroke 卒中 "), "text|stroke 卒中");
});
