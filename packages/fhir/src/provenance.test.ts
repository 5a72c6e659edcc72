import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleOf, bytesOf } from "@anamnesis/testing/samples/bundles";
import { isMadeProvenance, labelFacts, overrideIn, parse, split, unite } from "./index.ts";
import type { JsonObject, ParsedResource, SplitOptions } from "./index.ts";
import { validate } from "./validate.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const subject = { reference: "urn:uuid:p" };
const patient = { resourceType: "Patient", id: "p", birthDate: "1974-12-25" };
const visit = (more: JsonObject = {}): JsonObject => ({
  resourceType: "Encounter",
  id: "e",
  status: "finished",
  class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
  subject,
  ...more,
});
const result = (more: JsonObject): JsonObject => ({
  resourceType: "Observation",
  id: "o",
  status: "final",
  code: { text: "Potassium" },
  subject,
  encounter: { reference: "urn:uuid:e" },
  ...more,
});
const made = (resources: JsonObject[], options: Partial<SplitOptions> = {}): ParsedResource => {
  const [document] = split(bundleOf("collection", [patient, ...resources]), {
    ...OPTIONS,
    ...options,
  });
  return parse(document!.bytes);
};
const composition = (document: ParsedResource) => document.entries[0]!.resource;
const provenance = ({ entries }: ParsedResource) =>
  entries.map(({ resource }) => resource).filter(isMadeProvenance);

test("split() keeps the source's time, status and authors (docs/spec/fhir.md F-23)", async (t) => {
  const period = { start: "2026-03-04T08:00:00Z", end: "2026-03-05T09:00:00Z" };
  const doctor = { resourceType: "Practitioner", id: "d", name: [{ text: "Dr Lab" }] };
  const rows: readonly (readonly [string, JsonObject[], string, unknown])[] = [
    ["its end", [visit({ period })], "date", "2026-03-05T09:00:00Z"],
    [
      "when it was issued",
      [visit({ period }), result({ issued: "2026-03-09T10:00:00Z" })],
      "date",
      "2026-03-09T10:00:00Z",
    ],
    ["no time at all", [visit()], "date", undefined],
    ["final", [visit(), result({})], "status", "final"],
    ["preliminary", [visit(), result({ status: "preliminary" })], "status", "preliminary"],
    ["a visit that goes on", [visit({ status: "in-progress" })], "status", "preliminary"],
    ["corrected", [visit(), result({ status: "corrected" })], "status", "amended"],
    [
      "withdrawn",
      [visit({ status: "entered-in-error" }), result({ status: "entered-in-error" })],
      "status",
      "entered-in-error",
    ],
    [
      "its own performer",
      [visit(), doctor, result({ performer: [{ reference: "urn:uuid:d" }] })],
      "author",
      [{ reference: "urn:uuid:d", display: "Dr Lab" }],
    ],
  ];
  for (const [name, resources, element, want] of rows)
    await t.test(name, () => assert.deepEqual(composition(made(resources))[element], want));
  const absent = composition(made([visit()]))["_date"] as { extension: { valueCode: string }[] };
  assert.equal(absent.extension[0]?.valueCode, "unknown");
});

test("split() says in a Provenance what assembled the document, out of what, and for whom (docs/spec/fhir.md F-24)", async () => {
  const document = made([visit({ period: { start: "2026-03-04" } })], { importer: "Dr Li" });
  const [one, ...more] = provenance(document);
  assert.equal(more.length, 0);
  const { agent, target, entity, recorded, reason } = one as JsonObject;
  assert.deepEqual(target, [{ reference: document.entries[0]?.fullUrl }]);
  assert.equal(recorded, OPTIONS.timestamp);
  assert.equal(reason, undefined);
  const text = JSON.stringify([agent ?? null, entity ?? null]);
  assert.match(text, /assembler.*Anamnesis.*enterer.*Dr Li.*urn:uuid:.*data-absent-reason/);
  assert.deepEqual(await validate(document), []);
  assert.equal(
    unite([document]).some(({ resource }) => isMadeProvenance(resource)),
    false,
  );
});

test("a Provenance names the source system that the file names", () => {
  const bundle = (meta: JsonObject, base: string): JsonObject => ({
    resourceType: "Bundle",
    type: "collection",
    meta,
    entry: [{ fullUrl: `${base}Patient/p`, resource: patient }],
  });
  const source = (value: JsonObject): string => {
    const [document] = split(parse(bytesOf(value)), OPTIONS);
    return JSON.stringify(provenance(parse(document!.bytes))[0]?.["entity"]);
  };
  assert.match(source(bundle({ source: "urn:his:city#7" }, "urn:uuid:")), /"urn:his:city"/);
  assert.match(source(bundle({}, "https://his.example/fhir/")), /"https:\/\/his\.example\/fhir"/);
});

test("an overridden conflict stands with its reason in every document (docs/spec/fhir.md F-24)", () => {
  const reason = "Name changed by marriage, identity card seen";
  const bundle = bundleOf("collection", [
    patient,
    visit(),
    result({ category: [{ coding: [{ code: "laboratory" }] }] }),
  ]);
  const documents = split(bundle, { ...OPTIONS, override: reason });
  assert.equal(documents.length, 2);
  for (const { bytes } of documents) {
    const resources = parse(bytes).entries.map(({ resource }) => resource);
    assert.equal(overrideIn(resources), reason);
  }
  assert.equal(overrideIn(made([visit()]).entries.map(({ resource }) => resource)), undefined);
});

test("series and source stay from export to export, though fullUrls are made up anew (docs/spec/fhir.md F-25)", () => {
  const asExport = (prefix: string, timestamp: string) => {
    const entry = [patient, { ...visit(), subject: { reference: `urn:uuid:${prefix}p` } }].map(
      (resource) => ({
        fullUrl: `urn:uuid:${prefix}${String(resource["id" as keyof typeof resource])}`,
        resource,
      }),
    );
    const bytes = bytesOf({ resourceType: "Bundle", type: "transaction", entry });
    return split(parse(bytes), { timestamp }).map((document) => labelFacts(document.bytes).series);
  };
  const first = asExport("a", OPTIONS.timestamp);
  assert.deepEqual(asExport("b", "2026-12-01T08:00:00Z"), first);
  assert.match(first[0] ?? "", /^urn:uuid:/);
});

test("labelFacts() names the series of a clinical document and of a message (docs/spec/fhir.md F-25)", () => {
  const cda = (set: string, version: string): string =>
    `<ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2" extension="${version}"/><setId root="1.3" extension="${set}"/></ClinicalDocument>`;
  const oru = (filler: string, control: string): string =>
    `MSH|^~\\&|L|C|E|C|2026||ORU^R01|${control}|P|2.5\rOBR|1|P1|${filler}^LAB|11502-2^R^LN`;
  const series = (text: string) => labelFacts(bytesOf(text)).series;
  for (const form of [cda, oru]) {
    assert.match(series(form("1", "a")) ?? "", /^urn:uuid:/);
    assert.equal(series(form("1", "a")), series(form("1", "b")));
    assert.notEqual(series(form("1", "a")), series(form("2", "a")));
  }
});
