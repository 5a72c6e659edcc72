import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleOf } from "@anamnesis/testing/samples/bundles";
import { citationsIn, parse, prepareImport, sameResources, split, unite } from "./index.ts";
import type { Category, JsonObject, ParsedResource } from "./index.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const ref = (id: string): JsonObject => ({ reference: `urn:uuid:${id}` });
const subject = ref("p");
const stroke = {
  coding: [{ system: "http://snomed.info/sct", code: "230690007", display: "Stroke" }],
};
const R = { security: [{ code: "R" }] };

const patient = {
  resourceType: "Patient",
  id: "p",
  meta: { profile: ["urn:x"], security: [{ code: "N" }] },
  identifier: [{ system: "urn:x:mrn", value: "1" }],
  name: [{ text: "Ann Doe" }],
  telecom: [{ value: "555" }],
  gender: "female",
  birthDate: "1974-12-25",
  address: [{ text: "1 Main Street" }],
};
const visit = (id: string): JsonObject => ({ resourceType: "Encounter", id, subject });
const condition = (id: string, encounter: string, more: JsonObject = {}): JsonObject => ({
  resourceType: "Condition",
  id,
  subject,
  encounter: ref(encounter),
  code: stroke,
  ...more,
});
const prescription = (id: string, reason: string): JsonObject => ({
  resourceType: "MedicationRequest",
  id,
  subject,
  encounter: ref("e2"),
  reasonReference: [ref(reason)],
});
const claim = {
  resourceType: "Claim",
  id: "cl",
  patient: subject,
  item: [{ encounter: [ref("e2")] }],
  prescription: ref("m"),
  diagnosis: [{ diagnosisReference: ref("c2") }],
  procedure: [{ procedureReference: ref("pr") }],
  insurance: [{ coverage: ref("co") }],
};
const coverage = { resourceType: "Coverage", id: "co", beneficiary: subject };
const procedure = { resourceType: "Procedure", id: "pr", subject, encounter: ref("e2") };

function documentOf(bundle: ParsedResource, category: Category): ParsedResource {
  const found = split(bundle, OPTIONS).find((document) => document.category === category);
  assert.ok(found !== undefined, category);
  return parse(found.bytes);
}
const typesIn = ({ entries }: ParsedResource): string[] =>
  entries.map(({ resource }) => resource.resourceType).toSorted();
const cited = (document: ParsedResource) => citationsIn(document.entries[0]?.resource);

test("split() gives the whole Patient to one document, and identifiers, name, birth date and sex to the others (docs/spec/fhir.md F-19)", () => {
  const bundle = bundleOf("collection", [
    patient,
    visit("e1"),
    visit("e2"),
    condition("c1", "e1"),
    prescription("m", "c1"),
  ]);
  const documents = split(bundle, OPTIONS).map(({ bytes }) => parse(bytes));
  const patients = documents.flatMap(({ entries }) =>
    entries.filter(({ resource }) => resource.resourceType === "Patient"),
  );
  assert.deepEqual(
    patients.map(({ resource }) => "address" in resource),
    [true, false, false],
  );
  assert.deepEqual(JSON.parse(patients[1]?.json ?? ""), {
    resourceType: "Patient",
    id: "p",
    meta: {
      security: [{ code: "N" }],
      tag: [
        { system: "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", code: "SUBSETTED" },
      ],
    },
    identifier: patient.identifier,
    name: patient.name,
    gender: "female",
    birthDate: "1974-12-25",
  });
  for (const order of [documents, documents.toReversed()])
    assert.ok(sameResources(unite(order), bundle.entries));
  assert.deepEqual(
    unite([documents[1] as ParsedResource]).map(({ resource }) => resource["address"]),
    [undefined, undefined],
  );
});

test("split() leaves a Patient as it is that holds no more", () => {
  const { address: _address, telecom: _telecom, meta: _meta, ...plain } = patient;
  const bundle = bundleOf("collection", [plain, visit("e1"), visit("e2")]);
  const documents = split(bundle, OPTIONS).map(({ bytes }) => parse(bytes));
  for (const { json } of documents) assert.ok(!json.includes("SUBSETTED"));
});

test("split() names code and words of what lies in another visit (docs/spec/fhir.md F-20)", () => {
  const bundle = bundleOf("collection", [
    patient,
    visit("e1"),
    visit("e2"),
    condition("c1", "e1"),
    prescription("m", "c1"),
  ]);
  const document = documentOf(bundle, "prescription");
  assert.ok(!typesIn(document).includes("Condition"));
  assert.deepEqual(cited(document), [
    { fullUrl: "urn:uuid:c1", type: "Condition", concept: { ...stroke, text: "Stroke" } },
  ]);
  assert.match(document.json, /Condition: Stroke/);
});

test("split() says nothing of a sensitive resource in a document that is not (docs/spec/fhir.md F-20)", () => {
  const secret = (more: JsonObject) =>
    bundleOf("collection", [
      patient,
      visit("e1"),
      visit("e2"),
      condition("c1", "e1", { meta: R }),
      { ...prescription("m", "c1"), ...more },
    ]);
  const plain = documentOf(secret({}), "prescription");
  assert.deepEqual(cited(plain), []);
  assert.doesNotMatch(plain.json, /Stroke|230690007/);
  assert.equal(cited(documentOf(secret({ meta: R }), "prescription")).length, 1);
});

test("split() lets a bill refer to what was done, prescribed and diagnosed, without copies (docs/spec/fhir.md F-21)", () => {
  const bundle = bundleOf("collection", [
    patient,
    visit("e2"),
    condition("c2", "e2"),
    prescription("m", "c2"),
    procedure,
    claim,
    coverage,
  ]);
  const all = split(bundle, OPTIONS);
  const bill = all.find(({ category, encounterKey }) => category === "billing" && encounterKey);
  const document = parse(bill!.bytes);
  assert.deepEqual(typesIn(document), [
    "Claim",
    "Composition",
    "Coverage",
    "Encounter",
    "Patient",
    "Provenance",
  ]);
  assert.match(document.json, /urn:uuid:m"/);
  assert.deepEqual(cited(document), []);
  assert.doesNotMatch(document.json, /Stroke/);
  assert.ok(sameResources(unite(all.map(({ bytes }) => parse(bytes))), bundle.entries));
});

test("one sensitive resource raises its document, and a sensitive Bundle all of them (docs/spec/fhir.md F-18)", () => {
  const inside = { contained: [{ resourceType: "Observation", id: "o", meta: R }] };
  const flags = (resources: JsonObject[]): string[] =>
    split(bundleOf("collection", resources), OPTIONS).map(
      ({ category, sensitive }) => `${category} ${sensitive}`,
    );
  assert.deepEqual(flags([patient, visit("e1"), condition("c", "e1", inside)]), [
    "encounter-note false",
    "encounter-note true",
  ]);
  const labelled = {
    resourceType: "DocumentReference",
    id: "d",
    subject,
    securityLabel: R.security,
  };
  assert.deepEqual(flags([patient, labelled]), ["patient-summary true"]);
  const bundle = {
    resourceType: "Bundle",
    meta: R,
    type: "collection",
    entry: [{ resource: patient }],
  };
  const [whole] = prepareImport(
    new TextEncoder().encode(JSON.stringify(bundle)),
    "b.json",
    OPTIONS,
  );
  assert.equal(whole?.sensitive, true);
});

test("a single resource has the category that it has in a Bundle (docs/spec/fhir.md F-17)", () => {
  const rows: readonly (readonly [JsonObject, Category])[] = [
    [condition("c", "e1"), "encounter-note"],
    [
      { resourceType: "Condition", category: [{ coding: [{ code: "problem-list-item" }] }] },
      "problems",
    ],
    [{ resourceType: "AllergyIntolerance" }, "allergies"],
    [{ resourceType: "Immunization" }, "immunizations"],
    [{ resourceType: "MedicationStatement" }, "medicines"],
    [prescription("m", "c"), "prescription"],
    [
      { resourceType: "Observation", category: [{ coding: [{ code: "laboratory" }] }] },
      "laboratory",
    ],
    [{ resourceType: "DiagnosticReport", category: [{ coding: [{ code: "SP" }] }] }, "pathology"],
    [{ resourceType: "ImagingStudy" }, "imaging"],
    [{ resourceType: "ExplanationOfBenefit" }, "billing"],
    [{ resourceType: "Consent" }, "consent-paperwork"],
    [patient, "patient-summary"],
  ];
  for (const [resource, category] of rows) {
    const bytes = new TextEncoder().encode(JSON.stringify(resource));
    assert.equal(prepareImport(bytes, "r.json", OPTIONS)[0]?.category, category);
  }
});
