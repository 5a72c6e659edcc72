import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, prepareImport, recogniseMedia, sameResources, takeWhole, unite } from "./index.ts";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples } from "@anamnesis/testing/samples/samples";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };

test("takeWhole() reads the category of a document from its Composition", () => {
  for (const file of samples.in("fhir/ips").filter((name) => !name.includes("TW_"))) {
    const record = takeWhole(samples.read(file), "summary.json");
    assert.equal(record.category, "patient-summary", file);
    assert.equal(record.mediaType, "application/fhir+json");
    assert.ok(
      record.fullUrls.length > 1 && record.keywords.length > 1 && record.periodStart !== undefined,
    );
    assert.notEqual(record.title, "summary.json");
  }
});

test("takeWhole() finds the Composition in the head of a long or broken file", () => {
  const [longest] = samples
    .in("fhir/ips")
    .map((file) => samples.read(file))
    .toSorted((a, b) => b.length - a.length);
  const head = takeWhole(longest!.subarray(0, 4_000), "long.json");
  assert.equal(head.category, "patient-summary");
  assert.deepEqual(head.fullUrls, []);
  const ours = bytesOf(
    '{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Composition","category":[{"coding":[{"system":"urn:x-anamnesis:category","code":"referral"}]}],"type":{"coding":[{"system":"http://loinc.org","code":"11502-2"}]},"title":"T","section":[{"ti',
  );
  assert.equal(takeWhole(ours, "x.json").category, "referral");
});

test("takeWhole() tells files by their magic numbers", () => {
  const [patient = ""] = samples.in("fhir/official").filter((name) => name.includes("/Patient-"));
  const files = samples.in("fhir/files");
  const rows: (readonly [string, string, string])[] = files.map((file) =>
    file.endsWith(".pdf")
      ? [file, "application/pdf", "encounter-note"]
      : [file, "application/dicom", "imaging"],
  );
  assert.ok(rows.length >= 3);
  rows.push([patient, "application/fhir+json", "patient-summary"]);
  for (const [file, mediaType, category] of rows) {
    const bytes = samples.read(file);
    const record = takeWhole(bytes.subarray(0, 4096), "misleading.png");
    assert.deepEqual(
      [record.mediaType, record.category, record.title],
      [mediaType, category, "misleading.png"],
    );
    assert.ok(record.keywords.includes(`cat|${category}`));
  }
  assert.equal(takeWhole(new Uint8Array(), "nothing").category, "encounter-note");
  assert.equal(
    takeWhole(bytesOf("not FHIR"), "a.txt", { category: "referral" }).category,
    "referral",
  );
  assert.equal(recogniseMedia(bytesOf("plain words"), "a.txt").mediaType, "text/plain");
});

test("prepareImport() splits patients’ Bundles and takes all else whole, byte for byte", () => {
  const bundle = samples.read(patientFiles[0] as string);
  const split = prepareImport(bundle, "p.json", OPTIONS);
  assert.ok(sameResources(unite(split.map(({ bytes }) => parse(bytes))), parse(bundle).entries));
  for (const file of [
    ...samples.in("fhir/ips"),
    ...samples.in("fhir/official"),
    ...samples.in("fhir/files"),
  ]) {
    const bytes = samples.read(file);
    const [record, ...more] = prepareImport(bytes, file, OPTIONS);
    assert.equal(record?.bytes, bytes);
    assert.equal(more.length, 0);
  }
  assert.ok(
    prepareImport(bundle, "p.json", { ...OPTIONS, category: "vitals" }).every(
      ({ category }) => category === "vitals",
    ),
  );
});

test("prepareImport() refuses text that should be FHIR and is not", () => {
  const utf16 = new Uint8Array(Buffer.from('\ufeff{"resourceType":"Patient"}', "utf16le"));
  const rows: readonly (readonly [Uint8Array, string, string])[] = [
    [bytesOf('{"resourceType":"Bun'), "a.json", "JSON_TRUNCATED"],
    [bytesOf('<feed xmlns="http://www.w3.org/2005/Atom"/>'), "a.xml", "XML_NOT_SUPPORTED"],
    [bytesOf('<Patient xmlns="http://hl7.org/fhir"><id val'), "a.xml", "XML_INVALID"],
    [bytesOf('<ClinicalDocument xmlns="urn:hl7-org:v3"><title>'), "a.xml", "XML_INVALID"],
    [bytesOf("hello"), "a.json", "JSON_INVALID"],
    [utf16, "a.json", "ENCODING_UTF16"],
    [utf16, "a", "ENCODING_UTF16"],
    [bytesOf("\ufeff{}"), "a", "NOT_A_RESOURCE"],
    [new Uint8Array(), "a.json", "EMPTY_FILE"],
  ];
  for (const [bytes, name, code] of rows)
    assert.throws(() => prepareImport(bytes, name, OPTIONS), { code });
});

test("takeWhole() takes a document for sensitive that says so, and FHIR that it cannot read to its end", () => {
  const composition = (confidentiality: string): string =>
    JSON.stringify({
      resourceType: "Bundle",
      type: "document",
      entry: [{ resource: { resourceType: "Composition", confidentiality, title: "T" } }],
    });
  const rows = [
    [composition("N"), "d.json", {}, false],
    [composition("R"), "d.json", {}, true],
    [composition("R"), "d.json", { sensitive: false }, false],
    [composition("N").slice(0, -4), "d.json", {}, true],
    ["any text", "a.txt", {}, false],
    ["any text", "a.txt", { sensitive: true }, true],
  ] as const;
  for (const [text, name, options, want] of rows)
    assert.equal(takeWhole(bytesOf(text), name, options).sensitive, want, text);
});
