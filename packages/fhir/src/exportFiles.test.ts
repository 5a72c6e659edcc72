import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples } from "@anamnesis/testing/samples/samples";
import { parse, parseExport, readImport, sameResources, textAt, unite } from "./index.ts";
import type { JsonObject, ParsedResource } from "./index.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const patient = { resourceType: "Patient", id: "p", birthDate: "1974-12-25" };
const observation = (id: string): JsonObject => ({
  resourceType: "Observation",
  id,
  status: "final",
  subject: { reference: "Patient/p" },
  valueQuantity: { value: "1" },
});
const read = (...texts: (string | JsonObject)[]): ParsedResource =>
  parseExport(texts.map(bytesOf) as [Uint8Array, ...Uint8Array[]]);
const typesOf = ({ entries }: ParsedResource): string[] =>
  entries.map(({ resource }) => resource.resourceType);

test("parse() passes over a byte order mark and keeps it (docs/spec/fhir.md F-9)", () => {
  const bytes = bytesOf('\ufeff{"resourceType":"Patient","id":"p"}');
  const parsed = parse(bytes);
  assert.equal(parsed.bytes, bytes);
  assert.equal(parsed.json, '{"resourceType":"Patient","id":"p"}');
  const [document] = readImport([{ bytes, fileName: "p.json" }], OPTIONS).documents;
  assert.equal(document?.bytes, bytes);
  assert.equal(document?.mediaType, "application/fhir+json");
});

test("parse() reads NDJSON as a collection, each line in its own text (docs/spec/fhir.md F-10)", () => {
  const lines = ['{"resourceType":"Patient","id":"p"}', '{"resourceType":"Basic", "x":1.10}'];
  for (const text of [lines.join("\n"), `\ufeff${lines.join("\r\n")}\r\n\n`]) {
    const parsed = parse(bytesOf(text));
    assert.equal(parsed.form, "ndjson");
    assert.deepEqual(
      parsed.entries.map(({ json }) => json),
      lines,
    );
    assert.deepEqual(
      parse(bytesOf(parsed.json)).entries.map(({ json }) => json),
      lines,
    );
  }
});

test("readImport() splits a bulk export of one patient as it does the Bundle (docs/spec/fhir.md F-10)", () => {
  const bytes = samples.read(patientFiles[0] as string);
  const { entries } = parse(bytes);
  const urls = new Map(
    entries.map(({ fullUrl, resource }) => [
      fullUrl,
      `${resource.resourceType}/${textAt(resource, "id") ?? ""}`,
    ]),
  );
  const asServersWrite = (json: string): string =>
    json.replace(/\n\s*/g, "").replace(/urn:uuid:[0-9a-f-]{36}/g, (url) => urls.get(url) ?? url);
  const files = [...Map.groupBy(entries, ({ resource }) => resource.resourceType)].map(
    ([type, group]) => ({
      fileName: `${type}.ndjson`,
      bytes: bytesOf(group.map(({ json }) => asServersWrite(json)).join("\n")),
    }),
  );
  const [first, ...more] = files;
  assert.ok(first !== undefined && more.length > 3);
  const { documents, subject } = readImport([first, ...more], OPTIONS);
  assert.ok(subject?.birthDate !== undefined);
  const back = unite(documents.map((document) => parse(document.bytes)));
  const lines = files.map((file) => file.bytes) as [Uint8Array, ...Uint8Array[]];
  assert.ok(sameResources(back, parseExport(lines).entries));
  assert.equal(back.length, entries.length);
});

test("parse() passes over what only deletes or tells of a search, and counts deletions (docs/spec/fhir.md F-11)", () => {
  const parsed = read({
    resourceType: "Bundle",
    type: "transaction",
    entry: [
      { request: { method: "DELETE", url: "Observation/1" } },
      { resource: patient, request: { method: "PUT", url: "Patient/p" } },
      { resource: observation("o"), request: { method: "DELETE", url: "Observation/o" } },
    ],
  });
  assert.deepEqual([typesOf(parsed), parsed.deletions], [["Patient"], 2]);
  const found = read({
    resourceType: "Bundle",
    type: "searchset",
    entry: [
      { resource: patient, search: { mode: "match" } },
      { resource: { resourceType: "OperationOutcome" }, search: { mode: "outcome" } },
    ],
  });
  assert.deepEqual([typesOf(found), found.deletions], [["Patient"], 0]);
});

const page = (resource: JsonObject, links: Readonly<Record<string, string>>): JsonObject => ({
  resourceType: "Bundle",
  type: "searchset",
  link: Object.entries(links).map(([relation, url]) => ({ relation, url })),
  entry: [{ resource }],
});

test("parseExport() joins the pages of a searchset and misses those that are not there (docs/spec/fhir.md F-12)", () => {
  const one = page(patient, { self: "u:1", next: "u:2" });
  const two = page(observation("a"), { self: "u:2", next: "u:3" });
  const three = page(observation("b"), { self: "u:3" });
  const all = ["Patient", "Observation", "Observation"];
  assert.deepEqual(typesOf(read(one, two, three)), all);
  assert.deepEqual(typesOf(read(three, one, two)).toSorted(), all.toSorted());
  for (const pages of [[one], [one, two], [one, three], [two, three, two]].slice(0, 3))
    assert.throws(() => read(...pages), { code: "PAGES_MISSING" });
  const bytes = [one, three].map(bytesOf) as [Uint8Array, Uint8Array];
  assert.deepEqual(typesOf(parseExport(bytes, { partial: true })), ["Patient", "Observation"]);
  const nameless = [page(patient, { next: "u:2" }), page(observation("a"), {})];
  assert.equal(read(...nameless).entries.length, 2);
  assert.throws(() => read(page(patient, { next: "u:2" })), { code: "PAGES_MISSING" });
});

test("parseExport() refuses files that are not of one export, and pages that contradict each other", () => {
  const transaction = {
    resourceType: "Bundle",
    type: "transaction",
    entry: [{ resource: patient }],
  };
  const lines = '{"resourceType":"Basic"}\n{"resourceType":"Basic","id":"b"}';
  const set = page(patient, { self: "u:1" });
  for (const files of [
    [transaction, set],
    [set, lines],
    [patient, set],
    [patient, transaction],
  ])
    assert.throws(() => read(...files), { code: "FILES_DIFFER" });
  const changed = page({ ...patient, birthDate: "1975" }, { self: "u:2" });
  assert.throws(() => read(set, changed), { code: "DUPLICATE_ID" });
  const pdf = { bytes: bytesOf("%PDF-1.4"), fileName: "a.pdf" };
  const json = { bytes: bytesOf(set), fileName: "a.json" };
  assert.throws(() => readImport([json, pdf], OPTIONS), { code: "FILES_DIFFER" });
});
