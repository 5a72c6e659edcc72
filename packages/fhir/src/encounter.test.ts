import assert from "node:assert/strict";
import { test } from "node:test";
import { derivedFullUrl } from "./reference.ts";
import { prepareImport } from "./index.ts";
import { bytesOf } from "@anamnesis/testing/samples/bundles";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const URL = "https://ehr.example/fhir/Encounter/7";
const encounterKeys = (resource: object): (string | undefined)[] =>
  prepareImport(bytesOf(JSON.stringify(resource)), "a.json", OPTIONS).map(
    ({ encounterKey }) => encounterKey,
  );
const composition = (encounter?: object) => ({
  fullUrl: "https://ehr.example/fhir/Composition/1",
  resource: { resourceType: "Composition", id: "1", status: "final", title: "T", encounter },
});
const encounter = { resourceType: "Encounter", id: "7", status: "finished" };
const document = (...entry: object[]) => ({ resourceType: "Bundle", type: "document", entry });

test("prepareImport() names the encounter of what it does not split", () => {
  const reference = { reference: "Encounter/7" };
  const derived = derivedFullUrl(encounter);
  const rows: [string, object, string | undefined][] = [
    [
      "document, encounter inside",
      document(composition(reference), { fullUrl: URL, resource: encounter }),
      URL,
    ],
    ["document, encounter outside", document(composition(reference)), derived],
    ["document, absolute", document(composition({ reference: URL })), URL],
    [
      "document of no encounter",
      document(composition(), { fullUrl: URL, resource: encounter }),
      undefined,
    ],
    ["resource", { resourceType: "Observation", status: "final", encounter: reference }, derived],
    ["encounter itself", encounter, derived],
    ["contained", { resourceType: "Observation", encounter: { reference: "#e" } }, undefined],
    ["no encounter", { resourceType: "Patient" }, undefined],
  ];
  for (const [what, resource, want] of rows)
    assert.deepEqual(encounterKeys(resource), [want], what);
});

test("a split Bundle and a single resource of it name one encounter alike", () => {
  const subject = { reference: "Patient/p" };
  const bundle = {
    resourceType: "Bundle",
    type: "collection",
    entry: [
      { resource: { resourceType: "Patient", id: "p" } },
      { resource: { ...encounter, class: { code: "AMB" }, subject } },
    ],
  };
  const single = { resourceType: "Observation", subject, encounter: { reference: "Encounter/7" } };
  assert.deepEqual(encounterKeys(bundle), encounterKeys(single));
});
