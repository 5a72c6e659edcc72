import assert from "node:assert/strict";
import { test } from "node:test";
import { syntheticPatient } from "@anamnesis/fhir/synthetic";
import { parse, prepareImport } from "@anamnesis/fhir";
import { compareContents } from "./compareContents.ts";

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const bundle = (...resources: object[]): Uint8Array =>
  json({
    resourceType: "Bundle",
    type: "collection",
    entry: resources.map((resource) => ({ resource })),
  });
const observation = (id: string, value: number) => ({
  resourceType: "Observation",
  id,
  code: { text: `Test ${id}` },
  valueInteger: value,
});

test("compareContents() names what came, went and changed", () => {
  const before = bundle(observation("a", 1), observation("b", 2), observation("c", 3));
  const after = bundle(observation("c", 3), observation("b", 4), observation("d", 5));
  const { identical, resources } = compareContents(before, after);
  assert.equal(identical, false);
  assert.deepEqual(
    resources?.map(({ what, reference }) => [what, reference]),
    [
      ["changed", "Observation/b"],
      ["added", "Observation/d"],
      ["removed", "Observation/a"],
    ],
  );
  assert.deepEqual(compareContents(before, before), { identical: true, resources: [] });
});

test("compareContents() sees through what each import makes, and says of other files only whether they differ", () => {
  const { bundles } = syntheticPatient(3, { institutions: ["city-hospital"], visits: 1 });
  const [first, second] = ["2026-11-20T08:00:00Z", "2026-11-21T08:00:00Z"].map(
    (timestamp) => prepareImport(bundles[0]!.bytes, "v.json", { timestamp })[0]!.bytes,
  );
  assert.deepEqual(compareContents(first!, second!), { identical: false, resources: [] });
  assert.ok(parse(first!).entries.length > 1);
  assert.deepEqual(compareContents(json("%PDF"), json("%PDF-")), { identical: false });
  assert.deepEqual(compareContents(first!, json("%PDF-")), { identical: false });
});
