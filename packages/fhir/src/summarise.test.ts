import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, resourceName, split, textAt } from "./index.ts";
import type { JsonObject } from "./index.ts";
import { headings, summarise } from "./summary.ts";
import type { Summary } from "./summary.ts";
import { syntheticPatient } from "./synthetic/index.ts";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples, transferFile } from "@anamnesis/testing/samples/samples";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const summariesOf = (bytes: Uint8Array): Summary[] =>
  split(parse(bytes), OPTIONS).map((document) => summarise(parse(document.bytes)));
const one = (resource: JsonObject): Summary => summarise(parse(bytesOf(resource)));

test("summarise() shows an Observation digit for digit, with unit, range and flag", () => {
  const text = `{"resourceType":"Observation","status":"final","code":{"text":"Potassium"},"effectiveDateTime":"2026-11-20",
    "valueQuantity":{"value":5.10,"unit":"mmol/L"},"interpretation":[{"coding":[{"code":"H"}]}],
    "referenceRange":[{"low":{"value":3.50,"unit":"mmol/L"},"high":{"value":5.00,"unit":"mmol/L"}}]}`;
  const { sections, date, category } = summarise(parse(bytesOf(text)));
  assert.deepEqual(sections, [
    {
      heading: "results",
      rows: [
        {
          label: "Potassium",
          value: "5.10",
          unit: "mmol/L",
          date: "2026-11-20",
          flag: "H",
          reference: "3.50 – 5.00 mmol/L",
        },
      ],
    },
  ]);
  assert.deepEqual([date, category], ["2026-11-20", "patient-summary"]);
});

test("summarise() shows every kind of value and one row a component", () => {
  const values: readonly (readonly [JsonObject, string, string?])[] = [
    [{ valueString: "clear" }, "clear"],
    [{ valueCodeableConcept: { coding: [{ code: "A", display: "Group A" }] } }, "Group A"],
    [{ valueBoolean: false }, "false"],
    [{ dataAbsentReason: { text: "refused" } }, "refused"],
    [{ valueQuantity: { comparator: "<", unit: "mg", value: "3" } }, "< 3", "mg"],
  ];
  for (const [value, shown, unit] of values) {
    const [row] =
      one({ resourceType: "Observation", code: { text: "x" }, ...value }).sections[0]?.rows ?? [];
    assert.deepEqual([row?.value, row?.unit], [shown, unit]);
  }
  const component = [
    { code: { text: "Systolic" }, valueString: "120" },
    { code: { text: "Diastolic" }, valueString: "80" },
  ];
  const rows = one({ resourceType: "Observation", code: { text: "BP" }, component }).sections[0]
    ?.rows;
  assert.deepEqual(
    rows?.map(({ label, value }) => `${label} ${value}`),
    ["Systolic 120", "Diastolic 80"],
  );
});

test("summarise() names date, place, author and person of a document", () => {
  const bytes = samples.read(transferFile);
  const resources = parse(bytes).entries.map(({ resource }) => resource);
  const patient = resources.find(({ resourceType }) => resourceType === "Patient");
  const names = resources
    .filter(({ resourceType }) => resourceType === "Organization")
    .map((organization) => textAt(organization, "name") ?? "");
  const [note, discharge] = summariesOf(bytes);
  assert.deepEqual(note?.patient, {
    name: resourceName(patient),
    birthDate: textAt(patient!, "birthDate"),
    sex: "male",
  });
  assert.match(note?.patient?.name ?? "", /^\p{Script=Han}+$/u);
  assert.ok(names.includes(note?.institution ?? "") && note?.institution?.endsWith("分院"));
  assert.equal(note?.date, "2025-07-25");
  assert.equal(discharge?.category, "discharge-summary");
  assert.ok(
    discharge?.sections.some(({ heading, text }) => heading === "note" && text?.includes("NSTEMI")),
  );
  assert.ok(
    discharge?.sections.some(({ related }) => related === true),
    "what was copied in comes as related",
  );
  assert.ok(
    discharge?.sections.findIndex(({ related }) => related === true) >=
      discharge.sections.findLastIndex(({ related }) => related === undefined),
  );
});

test("summarise() sanitises the narratives that it passes on", () => {
  const div =
    '<div xmlns="http://www.w3.org/1999/xhtml"><p onclick="x()">ok</p><script>x()</script></div>';
  const [section] = one({
    resourceType: "Consent",
    text: { status: "generated", div },
  }).sections.filter(({ text }) => text !== undefined);
  assert.equal(section?.text, "<div><p>ok</p></div>");
});

test("summarise() shows the words of an online consultation in order", () => {
  const online = syntheticPatient(5).bundles.find(({ kind }) => kind === "online");
  const summary = summariesOf(online?.bytes as Uint8Array).find(
    ({ category }) => category === "online-consultation",
  );
  const messages = summary?.sections.find(({ heading }) => heading === "messages")?.rows ?? [];
  assert.equal(messages.length, 3);
  assert.match(messages[0]?.value ?? "", /^医生您好/);
});

test("summarise() gives plain data with known headings for every sample", () => {
  const all = [...patientFiles.slice(0, 4), transferFile].flatMap((file) =>
    summariesOf(samples.read(file)),
  );
  const wholes = [
    ...samples.in("fhir/ips"),
    ...samples.in("fhir/official"),
    ...patientFiles.slice(0, 2),
  ].map((file) => summarise(parse(samples.read(file))));
  for (const summary of [...all, ...wholes]) {
    assert.deepEqual(structuredClone(summary), summary);
    assert.ok(summary.title.length > 0);
    for (const { heading, rows } of summary.sections) {
      assert.ok(headings.includes(heading));
      for (const row of rows)
        assert.ok(Object.values(row).every((value) => typeof value === "string"));
    }
  }
});
