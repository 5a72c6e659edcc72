import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { labelFacts } from "./labelFacts.ts";
import { toUtf8 } from "./text.ts";
import { prepareImport } from "./whole.ts";
import { syntheticPatient } from "./synthetic/index.ts";

const json = (value: unknown): Uint8Array => toUtf8(JSON.stringify(value));
const NOTHING = { start: undefined, end: undefined, type: undefined, series: undefined };

suite("labelFacts()", () => {
  test("finds period and type of every document that split makes", () => {
    const { bundles } = syntheticPatient(7, { institutions: ["city-hospital"], visits: 2 });
    for (const { bytes } of bundles) {
      for (const document of prepareImport(bytes, "v.json", {
        timestamp: "2026-11-20T08:00:00Z",
      })) {
        const facts = labelFacts(document.bytes);
        assert.match(facts.type ?? "", /^http:\/\/loinc\.org\|\d+-\d$/, document.title);
        assert.notEqual(facts.start, "2026-11-20T08:00:00Z", "not the time of the import");
        if (document.encounterKey !== undefined) assert.equal(facts.start, document.periodStart);
      }
    }
  });

  test("says no time where nothing in the file has one, and not that of the import", () => {
    const patient = { resourceType: "Patient", id: "1" };
    const condition = {
      resourceType: "Condition",
      id: "2",
      subject: { reference: "Patient/1" },
      code: { text: "Hay fever" },
    };
    const file = json({
      resourceType: "Bundle",
      type: "collection",
      entry: [patient, condition].map((resource) => ({ resource })),
    });
    const [document] = prepareImport(file, "f.json", { timestamp: "2026-11-20T08:00:00Z" });
    assert.equal(labelFacts(document!.bytes).start, undefined);
  });

  test("takes a foreign document's own date and type, and a single resource's date", () => {
    const composition = {
      resourceType: "Composition",
      type: { coding: [{ system: "http://loinc.org", code: "18842-5" }] },
      date: "2026-03-04",
      title: "Discharge",
    };
    const document = {
      resourceType: "Bundle",
      type: "document",
      entry: [{ resource: composition }],
    };
    assert.deepEqual(labelFacts(json(document)), {
      ...NOTHING,
      start: "2026-03-04",
      type: "http://loinc.org|18842-5",
    });
    const observation = { resourceType: "Observation", effectiveDateTime: "2026-05-06" };
    assert.deepEqual(labelFacts(json(observation)), { ...NOTHING, start: "2026-05-06" });
  });

  test("names the same series for every version, by identifier or id, and another for anything else", () => {
    const series = (resource: object) => labelFacts(json(resource)).series;
    const report = { resourceType: "DiagnosticReport", id: "7", status: "preliminary" };
    const named = { ...report, identifier: [{ system: "urn:lab", value: "R-1" }] };
    assert.match(series(report) ?? "", /^urn:uuid:[0-9a-f-]{36}$/);
    assert.equal(series({ ...report, status: "final" }), series(report));
    assert.equal(series({ ...named, id: "8" }), series(named));
    const others = [
      report,
      { ...report, id: "8" },
      { ...report, resourceType: "Observation" },
      named,
      { ...named, identifier: [{ system: "urn:lab", value: "R-2" }] },
      { ...named, identifier: [{ system: "urn:other", value: "R-1" }] },
    ].map(series);
    assert.equal(new Set(others).size, others.length);
    assert.equal(series({ resourceType: "Bundle", id: "1", type: "collection" }), undefined);
    assert.equal(series({ ...report, id: undefined }), undefined);
  });

  test("names the series of what split makes alike at each import", () => {
    const { bundles } = syntheticPatient(7, { institutions: ["city-hospital"], visits: 2 });
    const [first, second] = ["2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"].map((timestamp) =>
      bundles.flatMap(({ bytes }) => prepareImport(bytes, "v.json", { timestamp })),
    );
    const seriesOf = (documents: typeof first) =>
      documents!.map(({ bytes }) => labelFacts(bytes).series);
    assert.deepEqual(seriesOf(first), seriesOf(second));
    assert.equal(new Set(seriesOf(first)).size, first!.length);
    const sourcesOf = (documents: typeof first) => documents!.map(({ source }) => source);
    assert.deepEqual(sourcesOf(first), sourcesOf(second));
    assert.equal(new Set(sourcesOf(first)).size, first!.length);
    assert.notDeepEqual(first![0]!.bytes, second![0]!.bytes);
  });

  test("says nothing of what is not FHIR, is broken, or ends early", () => {
    for (const bytes of [
      toUtf8("%PDF-1.7"),
      toUtf8("{"),
      toUtf8('{"resourceType":'),
      new Uint8Array(0),
      toUtf8("<html/>"),
      json([1]),
    ])
      assert.deepEqual(labelFacts(bytes), NOTHING);
  });

  test("gives the same from the same first bytes, however much follows", () => {
    const { bundles } = syntheticPatient(8, { institutions: ["city-hospital"], visits: 1 });
    const [document] = prepareImport(bundles[0]!.bytes, "v.json", {
      timestamp: "2026-11-20T08:00:00Z",
    });
    for (const length of [10, 200, 1000, 5000]) {
      const head = document!.bytes.subarray(0, length);
      assert.deepEqual(labelFacts(head), labelFacts(Uint8Array.from(head)));
    }
  });
});
