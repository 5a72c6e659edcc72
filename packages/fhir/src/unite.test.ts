import assert from "node:assert/strict";
import { test } from "node:test";
import { documentIssues } from "./document.ts";
import {
  categories,
  isMadeComposition,
  isMadeProvenance,
  parse,
  sameResources,
  split,
  unite,
} from "./index.ts";
import type { ParsedResource, RecordDocument } from "./index.ts";
import { EntryIndex, referencesOf } from "./reference.ts";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { patientFiles, samples, transferFile } from "@anamnesis/testing/samples/samples";
import { encounterReference } from "./encounter.ts";
import { isSubset, sharedTypes } from "./closure.ts";

const OPTIONS = { timestamp: "2026-11-20T08:00:00Z" };
const read = (documents: readonly RecordDocument[]): ParsedResource[] =>
  documents.map(({ bytes }) => parse(bytes));

for (const file of [...patientFiles, transferFile]) {
  test(`split() and unite() give back ${file.replace(/^.*\//, "").slice(0, 24)} resource for resource`, () => {
    const parsed = parse(samples.read(file));
    const documents = split(parsed, OPTIONS);
    const parts = read(documents);
    const union = unite(parts);
    assert.ok(sameResources(union, parsed.entries));
    const texts = new Set(parsed.entries.map(({ json }) => json));
    for (const part of parts) {
      const [composition, ...rest] = part.entries;
      assert.ok(composition !== undefined && isMadeComposition(composition.resource));
      assert.ok(
        rest.every(
          ({ json, resource }) =>
            texts.has(json) || isSubset(resource) || isMadeProvenance(resource),
        ),
        "each resource keeps its own text",
      );
    }
    assertOnePerEncounterAndCategory(documents);
    assertClosed(parsed, documents, parts);
    assert.deepEqual(split(parsed, OPTIONS), documents, "the same input gives the same bytes");
  });
}

function assertOnePerEncounterAndCategory(documents: readonly RecordDocument[]): void {
  const names = documents.map(({ encounterKey, category }) => `${encounterKey} ${category}`);
  assert.equal(new Set(names).size, names.length);
  for (const { category, keywords } of documents) {
    assert.ok(categories.includes(category));
    assert.ok(keywords.includes(`cat|${category}`) && keywords.length <= 64);
  }
}

/** Whatever resolves in the input resolves in the document, unless it leads into another encounter or out of a bill. */
function assertClosed(
  input: ParsedResource,
  documents: readonly RecordDocument[],
  parts: readonly ParsedResource[],
): void {
  const entriesOf = ({ entries }: ParsedResource) =>
    entries.map((entry) => ({ ...entry, fullUrl: entry.fullUrl as string }));
  const whole = new EntryIndex(entriesOf(input));
  for (const [number, part] of parts.entries()) {
    const own = new EntryIndex(entriesOf(part));
    const { encounterKey, category } = documents[number] as RecordDocument;
    for (const entry of own.entries) {
      for (const reference of referencesOf(entry.resource)) {
        if (own.find(reference, entry) !== undefined) continue;
        const target = whole.find(reference, entry);
        if (target === undefined) continue;
        const owner = encounterReference(target.resource);
        const key =
          target.resource.resourceType === "Encounter"
            ? target.fullUrl
            : owner && whole.find(owner, target)?.fullUrl;
        assert.ok(
          category === "billing" || (key !== undefined && key !== encounterKey),
          `${entry.resource.resourceType} dangles within its encounter`,
        );
        assert.ok(!sharedTypes.has(target.resource.resourceType));
      }
    }
    const issues = documentIssues(part).filter(({ rule }) => rule !== "REFERENCE_DANGLING");
    assert.deepEqual(issues, []);
  }
}

test("unite() refuses two contents under one fullUrl and sees a digit", () => {
  const make = (value: string): ParsedResource => {
    const entry = `{"fullUrl":"urn:uuid:o","resource":{"resourceType":"Observation","id":"o","valueQuantity":{"value":${value}}}}`;
    return parse(bytesOf(`{"resourceType":"Bundle","type":"collection","entry":[${entry}]}`));
  };
  assert.equal(unite([make("1.10"), make("1.10")]).length, 1);
  assert.throws(() => unite([make("1.10"), make("1.1")]), { code: "RESOURCES_DIFFER" });
  assert.equal(sameResources(make("1.10").entries, make("1.1").entries), false);
  assert.equal(sameResources(make("1.10").entries, []), false);
});
