import assert from "node:assert/strict";
import { test } from "node:test";
import { parse, split } from "./index.ts";
import type { Issue, JsonObject, Rule } from "./index.ts";
import { validate } from "./validate.ts";
import { syntheticPatient } from "./synthetic/index.ts";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples, transferFile } from "@anamnesis/testing/samples/samples";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const issuesOf = (value: JsonObject): Promise<Issue[]> => validate(parse(bytesOf(value)));
const summary = (issues: readonly Issue[]): string[] =>
  issues.map(({ rule, expression }) => `${rule} ${expression}`);

test("validate() finds nothing in the synthetic records, whole and split", async () => {
  for (const seed of [1, 2]) {
    for (const { bytes } of syntheticPatient(seed).bundles) {
      const parsed = parse(bytes);
      assert.deepEqual(await validate(parsed), []);
      for (const document of split(parsed, OPTIONS))
        assert.deepEqual(await validate(parse(document.bytes)), []);
    }
  }
});

test("validate() finds nothing in the documents of samples but what the samples hold, and never throws", async () => {
  for (const file of [patientFiles[14] as string, transferFile]) {
    for (const { bytes } of split(parse(samples.read(file)), OPTIONS)) {
      const issues = await validate(parse(bytes));
      assert.deepEqual(
        issues.filter(({ expression }) => expression.startsWith("Bundle.entry[0]")),
        [],
      );
    }
  }
  for (const file of [...samples.in("fhir/ips"), ...samples.in("fhir/official")])
    await validate(parse(samples.read(file)));
});

const consent = {
  resourceType: "Consent",
  status: "active",
  scope: {
    coding: [
      { system: "http://terminology.hl7.org/CodeSystem/consentscope", code: "patient-privacy" },
    ],
  },
  category: [{ coding: [{ system: "http://loinc.org", code: "59284-0" }] }],
  policy: [{ uri: "urn:x" }],
};
const section = {
  title: "S",
  text: { status: "generated", div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
  entry: [{ reference: "urn:uuid:2" }],
};
const composition = {
  resourceType: "Composition",
  status: "final",
  type: { text: "Note" },
  subject: { reference: "urn:uuid:2" },
  date: "2026-11-20",
  author: [{ display: "A" }],
  title: "T",
  section: [section],
};
const patient = { resourceType: "Patient", gender: "female" };
const document = {
  resourceType: "Bundle",
  type: "document",
  identifier: { system: "urn:ietf:rfc:3986", value: "urn:uuid:0" },
  timestamp: "2026-11-20T08:00:00Z",
  entry: [
    { fullUrl: "urn:uuid:1", resource: composition },
    { fullUrl: "urn:uuid:2", resource: patient },
  ],
};
const withEntries = (...resources: JsonObject[]): JsonObject => ({
  ...document,
  entry: resources.map((resource, index) => ({ fullUrl: `urn:uuid:${index + 1}`, resource })),
});
const without = (value: JsonObject, key: string): JsonObject =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));

test("validate() catches each seeded fault", async (t) => {
  const hostile = {
    ...section,
    text: {
      status: "generated",
      div: '<div xmlns="http://www.w3.org/1999/xhtml"><script>x</script></div>',
    },
  };
  const rows: readonly (readonly [string, JsonObject, Rule, RegExp])[] = [
    ["Consent without policy (ppc-1)", without(consent, "policy"), "STRUCTURE", /^Consent/],
    ["unknown property", { ...patient, colour: "red" }, "STRUCTURE", /colour/],
    ["missing property", without(composition, "title"), "STRUCTURE", /title/],
    ["wrong type", { ...patient, active: "yes" }, "STRUCTURE", /active/],
    ["wrong date", { ...patient, birthDate: "20-11-2026" }, "STRUCTURE", /birthDate/],
    ["wrong code", { ...consent, status: "granted" }, "REQUIRED_BINDING", /^Consent\.status$/],
    [
      "wrong code in a data type",
      { ...patient, name: [{ text: "A" }, { use: "stage" }] },
      "REQUIRED_BINDING",
      /^Patient\.name\[1\]\.use$/,
    ],
    [
      "wrong code in a contained resource",
      { ...consent, contained: [{ ...patient, gender: "f" }] },
      "REQUIRED_BINDING",
      /contained\[0\]\.gender$/,
    ],
    [
      "wrong code in an entry",
      withEntries(composition, { ...patient, gender: "f" }),
      "REQUIRED_BINDING",
      /^Bundle\.entry\[1\]\.resource\.gender$/,
    ],
    [
      "wrong code in a nested provision",
      { ...consent, provision: { provision: [{ type: "allow" }] } },
      "REQUIRED_BINDING",
      /provision\.provision\[0\]\.type$/,
    ],
    [
      "document without identifier (bdl-9)",
      without(document, "identifier"),
      "DOCUMENT",
      /^Bundle\.identifier$/,
    ],
    [
      "document without timestamp (bdl-10)",
      without(document, "timestamp"),
      "DOCUMENT",
      /^Bundle\.timestamp$/,
    ],
    [
      "Composition not first (bdl-11)",
      { ...document, entry: document.entry.toReversed() },
      "DOCUMENT",
      /^Bundle\.entry\[0\]$/,
    ],
    [
      "entry without fullUrl",
      { ...document, entry: [document.entry[0] as JsonObject, { resource: patient }] },
      "DOCUMENT",
      /entry\[1\]\.fullUrl/,
    ],
    [
      "reference to an absent entry",
      withEntries({ ...composition, encounter: { reference: "urn:uuid:9" } }, patient),
      "REFERENCE_DANGLING",
      /^Bundle\.entry\[0\]$/,
    ],
    [
      "entry that nothing reaches",
      withEntries(composition, patient, { resourceType: "Basic", code: { text: "x" } }),
      "ENTRY_UNREACHABLE",
      /^Bundle\.entry\[2\]$/,
    ],
    [
      "hostile narrative",
      withEntries({ ...composition, section: [hostile] }, patient),
      "NARRATIVE_HOSTILE",
      /entry\[0\]/,
    ],
    [
      "section without text",
      withEntries({ ...composition, section: [without(section, "text")] }, patient),
      "NARRATIVE_MISSING",
      /section\[0\]\.text/,
    ],
  ];
  assert.deepEqual(await issuesOf(document), []);
  assert.deepEqual(await issuesOf(consent), []);
  for (const [name, value, rule, expression] of rows) {
    await t.test(name, async () => {
      const issues = await issuesOf(value);
      assert.ok(
        issues.some((issue) => issue.rule === rule && expression.test(issue.expression)),
        summary(issues).join("\n"),
      );
      for (const { message } of issues)
        assert.ok(message.length > 5 && !/granted|allow"|20-11-2026/.test(message), message);
    });
  }
});
