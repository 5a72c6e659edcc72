import assert from "node:assert/strict";
import { test } from "node:test";
import { documentIssues } from "./document.ts";
import { parse, sameResources, split, unite } from "./index.ts";
import type { JsonObject, ParsedResource, RecordDocument } from "./index.ts";
import { bundleOf, bytesOf } from "@anamnesis/testing/samples/bundles";
import { samples } from "@anamnesis/testing/samples/samples";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const read = (documents: readonly RecordDocument[]): ParsedResource[] =>
  documents.map(({ bytes }) => parse(bytes));
const ref = (id: string): JsonObject => ({ reference: `urn:uuid:${id}` });
const patient = { resourceType: "Patient", id: "p", identifier: [{ system: "urn:x", value: "1" }] };
const encounter = (id: string): JsonObject => ({
  resourceType: "Encounter",
  id,
  subject: ref("p"),
  status: "finished",
});
const observation = (id: string, more: JsonObject = {}): JsonObject => ({
  resourceType: "Observation",
  id,
  subject: ref("p"),
  ...more,
});

test("split() puts each resource into its encounter and category", () => {
  const parsed = bundleOf("collection", [
    patient,
    encounter("e1"),
    { ...encounter("e2"), class: { code: "VR" } },
    observation("lab", { encounter: ref("e1"), category: [{ coding: [{ code: "laboratory" }] }] }),
    observation("vital", {
      encounter: ref("e1"),
      category: [{ coding: [{ code: "vital-signs" }] }],
    }),
    observation("bare", {
      encounter: ref("e1"),
      code: { coding: [{ system: "http://loinc.org", code: "8867-4" }] },
    }),
    { resourceType: "Claim", id: "claim", patient: ref("p"), item: [{ encounter: [ref("e1")] }] },
    {
      resourceType: "ExplanationOfBenefit",
      id: "eob",
      patient: ref("p"),
      item: [{ encounter: [ref("e1")] }],
    },
    { resourceType: "MedicationRequest", id: "rx", subject: ref("p"), encounter: ref("e2") },
    { resourceType: "Communication", id: "talk", subject: ref("p"), encounter: ref("e2") },
    { resourceType: "MedicationStatement", id: "takes", subject: ref("p"), context: ref("e1") },
    {
      resourceType: "DocumentReference",
      id: "form",
      subject: ref("p"),
      context: { encounter: [ref("e1")] },
      type: { coding: [{ system: "http://loinc.org", code: "59284-0" }] },
    },
    {
      resourceType: "DiagnosticReport",
      id: "ct",
      subject: ref("p"),
      encounter: ref("e1"),
      category: [{ coding: [{ code: "RAD" }] }],
    },
    { resourceType: "ImagingStudy", id: "study", subject: ref("p"), encounter: ref("e1") },
    { resourceType: "ServiceRequest", id: "order", subject: ref("p"), encounter: ref("e1") },
    { resourceType: "Consent", id: "consent", patient: ref("p") },
    { resourceType: "AllergyIntolerance", id: "nuts", patient: ref("p") },
    { resourceType: "Immunization", id: "shot", patient: ref("p") },
    {
      resourceType: "Condition",
      id: "asthma",
      subject: ref("p"),
      category: [{ coding: [{ code: "problem-list-item" }] }],
    },
    {
      resourceType: "DiagnosticReport",
      id: "tissue",
      subject: ref("p"),
      encounter: ref("e1"),
      category: [{ coding: [{ code: "SP" }] }],
    },
    observation("oldlab", { category: [{ coding: [{ code: "laboratory" }] }] }),
  ]);
  const found = split(parsed, OPTIONS).map(({ encounterKey, category, fullUrls }) => [
    encounterKey?.slice(9),
    category,
    fullUrls
      .map((url) => url.slice(9))
      .filter((id) => !["p", "e1", "e2"].includes(id))
      .join(" "),
  ]);
  assert.deepEqual(found, [
    ["e1", "encounter-note", ""],
    ["e1", "laboratory", "lab"],
    ["e1", "pathology", "tissue"],
    ["e1", "imaging", "ct study"],
    ["e1", "medicines", "takes"],
    ["e1", "referral", "order"],
    ["e1", "vitals", "vital bare"],
    ["e1", "consent-paperwork", "form"],
    ["e1", "billing", "claim eob"],
    ["e2", "prescription", "rx"],
    ["e2", "online-consultation", "talk"],
    [undefined, "problems", "asthma"],
    [undefined, "allergies", "nuts"],
    [undefined, "immunizations", "shot"],
    [undefined, "laboratory", "oldlab"],
    [undefined, "consent-paperwork", "consent"],
  ]);
});

test("split() keeps what is sensitive in documents of its own, copies of it included", () => {
  const security = (code: string) => ({ meta: { security: [{ code }] } });
  const parsed = bundleOf("collection", [
    patient,
    encounter("e1"),
    observation("plain", { encounter: ref("e1"), ...security("N") }),
    observation("hidden", { encounter: ref("e1"), ...security("PSY") }),
    {
      resourceType: "MedicationRequest",
      id: "refers",
      subject: ref("p"),
      encounter: ref("e1"),
      reasonReference: [ref("hidden")],
    },
    {
      resourceType: "ServiceRequest",
      id: "order",
      subject: ref("p"),
      encounter: ref("e1"),
      ...security("HIV"),
    },
  ]);
  const documents = split(parsed, OPTIONS);
  const ids = ({ fullUrls }: RecordDocument): string =>
    fullUrls
      .map((url) => url.slice(9))
      .filter((id) => !["p", "e1"].includes(id))
      .join(" ");
  assert.deepEqual(
    documents.map((document) => [document.category, document.sensitive, ids(document)]),
    [
      ["encounter-note", false, "plain"],
      ["encounter-note", true, "hidden"],
      ["prescription", true, "refers hidden"],
      ["referral", true, "order"],
    ],
  );
  assert.equal(
    new Set(
      documents.map(
        ({ bytes }) =>
          JSON.parse(new TextDecoder().decode(bytes)).entry[0].resource.identifier.value,
      ),
    ).size,
    4,
  );
});

test("split() copies what is referred to, and stops where another encounter begins", () => {
  const parsed = bundleOf("transaction", [
    patient,
    { ...encounter("e1"), serviceProvider: ref("org"), diagnosis: [{ condition: ref("c1") }] },
    encounter("e2"),
    { resourceType: "Organization", id: "org", partOf: ref("group") },
    { resourceType: "Organization", id: "group" },
    { resourceType: "Practitioner", id: "stray" },
    {
      resourceType: "Condition",
      id: "c1",
      subject: ref("p"),
      encounter: ref("e1"),
      evidence: [{ detail: [ref("far")] }],
    },
    { resourceType: "Condition", id: "far", subject: ref("p"), encounter: ref("e2") },
    { resourceType: "Medication", id: "drug" },
    {
      resourceType: "MedicationRequest",
      id: "rx",
      subject: ref("p"),
      encounter: ref("e1"),
      medicationReference: ref("drug"),
      reasonReference: [ref("c1")],
    },
    observation("vital", {
      encounter: ref("e1"),
      category: [{ coding: [{ code: "vital-signs" }] }],
    }),
  ]);
  const documents = split(parsed, OPTIONS);
  const contents = Object.fromEntries(
    documents.map(({ encounterKey, category, fullUrls }) => [
      `${encounterKey?.slice(9) ?? "-"} ${category}`,
      fullUrls
        .map((url) => url.slice(9))
        .toSorted()
        .join(" "),
    ]),
  );
  assert.deepEqual(contents, {
    "e1 encounter-note": "c1 e1 group org p",
    "e1 prescription": "c1 drug e1 group org p rx",
    "e1 vitals": "e1 group org p vital",
    "e2 encounter-note": "e2 far p",
    "- patient-summary": "p stray",
  });
  const [note] = read(documents);
  const dangling = documentIssues(note as ParsedResource);
  assert.deepEqual(
    dangling.map(({ rule, expression }) => [rule, expression]),
    [["REFERENCE_DANGLING", "Bundle.entry[2]"]],
  );
  assert.ok(sameResources(unite(read(documents)), parsed.entries));
});

test("split() takes entries without fullUrl, relative references and absent encounters", () => {
  const resources = [
    { resourceType: "Patient", id: "p" },
    {
      resourceType: "Observation",
      id: "o",
      subject: { reference: "Patient/p" },
      encounter: { reference: "Encounter/gone" },
    },
    { resourceType: "Condition", subject: { reference: "Patient/p" } },
  ];
  const entry = resources.map((resource) => ({ resource }));
  const parsed = parse(bytesOf({ resourceType: "Bundle", type: "searchset", entry }));
  const documents = split(parsed, OPTIONS);
  assert.deepEqual(
    documents.map(({ encounterKey, category }) => [encounterKey, category]),
    [
      ["Encounter/gone", "encounter-note"],
      [undefined, "patient-summary"],
    ],
  );
  assert.ok(sameResources(unite(read(documents)), parsed.entries));
});

test("split() names authors that the Bundle only refers to, and says where none is named (docs/spec/fhir.md F-23)", () => {
  const outside = { reference: "Practitioner?identifier=urn:npi|1", display: "Dr Outside" };
  const visited = {
    ...encounter("e"),
    participant: [{ individual: outside }, { individual: outside }],
  };
  const parsed = bundleOf("transaction", [patient, visited, observation("o")]);
  const authors = read(split(parsed, { ...OPTIONS, importer: "Dr Importer" })).map(({ entries }) =>
    (entries[0]!.resource["author"] as JsonObject[]).map(({ display }) => display),
  );
  assert.deepEqual(authors, [["Dr Outside"], ["Not stated"]]);
});

test("split() follows Type?identifier references to what the Bundle holds", () => {
  const doctor = {
    resourceType: "Practitioner",
    id: "d",
    identifier: [{ system: "urn:npi", value: "1" }],
  };
  const visited = {
    ...encounter("e"),
    participant: [{ individual: { reference: "Practitioner?identifier=urn:npi|1" } }],
  };
  const [document] = split(bundleOf("transaction", [patient, doctor, visited]), OPTIONS);
  assert.deepEqual(document?.fullUrls, ["urn:uuid:e", "urn:uuid:p", "urn:uuid:d"]);
});

test("split() writes hostile words of the record as text", () => {
  const evil = '</li><script>alert(1)</script>&"\u0000';
  const [document] = split(
    bundleOf("batch", [patient, observation("o", { code: { text: evil } })]),
    OPTIONS,
  );
  const [composition] = (read([document as RecordDocument])[0] as ParsedResource).entries;
  assert.ok(!composition?.json.includes("<script>"));
  assert.ok(composition?.json.includes("&lt;script&gt;"));
});

test("split() refuses what is not one patient’s Bundle", async (t) => {
  const other = { resourceType: "Patient", id: "q" };
  const rows: readonly (readonly [string, readonly JsonObject[], string])[] = [
    ["no patient", [encounter("e")], "NO_PATIENT"],
    ["two patients", [patient, other], "MANY_PATIENTS"],
    [
      "relative reference",
      [patient, observation("o", { subject: { reference: "Patient/q" } })],
      "OTHER_PATIENT",
    ],
    [
      "absolute reference",
      [patient, observation("o", { subject: { reference: "https://h.example/Patient/q" } })],
      "OTHER_PATIENT",
    ],
    ["unknown UUID", [patient, observation("o", { subject: ref("q") })], "OTHER_PATIENT"],
    [
      "patient element",
      [patient, { resourceType: "Immunization", id: "i", patient: { reference: "x" } }],
      "OTHER_PATIENT",
    ],
    [
      "beneficiary",
      [patient, { resourceType: "Coverage", id: "i", beneficiary: ref("q") }],
      "OTHER_PATIENT",
    ],
    [
      "identifier",
      [patient, observation("o", { subject: { identifier: { system: "urn:x", value: "2" } } })],
      "OTHER_PATIENT",
    ],
    [
      "conditional",
      [patient, observation("o", { subject: { reference: "Patient?identifier=urn:x|2" } })],
      "OTHER_PATIENT",
    ],
    [
      "contained",
      [patient, { ...observation("o"), contained: [observation("i", { subject: ref("q") })] }],
      "OTHER_PATIENT",
    ],
  ];
  for (const [name, resources, code] of rows) {
    await t.test(name, () => {
      assert.throws(() => split(bundleOf("collection", resources), OPTIONS), { code });
    });
  }
  const same = [
    { identifier: { system: "urn:x", value: "1" } },
    { reference: "Patient?identifier=urn:x|1" },
    ref("p"),
    { reference: "Patient/p" },
  ];
  for (const subject of same)
    assert.doesNotThrow(() =>
      split(bundleOf("collection", [patient, observation("o", { subject })]), OPTIONS),
    );
});

test("split() refuses documents, single resources and timestamps that are none", () => {
  for (const file of samples.in("fhir/ips"))
    assert.throws(() => split(parse(samples.read(file)), OPTIONS), { code: "BUNDLE_IS_DOCUMENT" });
  for (const file of samples.in("fhir/official"))
    assert.throws(() => split(parse(samples.read(file)), OPTIONS), { code: "NOT_A_BUNDLE" });
  for (const timestamp of ["", "2026-11-20", "now", "2026-13-40T00:00:00Z"]) {
    assert.throws(() => split(bundleOf("collection", [patient]), { timestamp }), {
      code: "TIMESTAMP_INVALID",
    });
  }
});
