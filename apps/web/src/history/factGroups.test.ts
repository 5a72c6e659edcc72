import assert from "node:assert/strict";
import { test } from "node:test";
import { topics } from "@anamnesis/fhir/history";
import type { ToldFact } from "@anamnesis/fhir/history";
import { groupFacts, topicsInOrder } from "./factGroups.ts";

const fact = (code: string | undefined, label: string, date: string): ToldFact => ({
  topic: "results",
  label,
  codings: code === undefined ? [] : [{ system: "http://loinc.org", code }],
  status: "final",
  negative: false,
  value: "",
  date,
  said: [],
  differences: [],
  resourceType: "Observation",
  current: true,
});

test("every topic of a history has its place on the page", () => {
  assert.deepEqual([...topicsInOrder].toSorted(), [...topics].toSorted());
});

test("groupFacts() keeps the newest of a kind before the earlier ones, by code and else by words", () => {
  const facts = [
    fact("4548-4", "HbA1c", "2026-02-01"),
    fact(undefined, "Grip", "2026-01-01"),
    fact("4548-4", "Haemoglobin A1c", "2025-02-01"),
  ];
  const grouped = groupFacts("results", facts);
  assert.deepEqual(
    grouped.map((group) => [group.fact.label, group.earlier.map(({ label }) => label)]),
    [
      ["HbA1c", ["Haemoglobin A1c"]],
      ["Grip", []],
    ],
  );
});

test("groupFacts() leaves problems and medicines each by itself", () => {
  const facts = [fact("1", "a", "2026-01-01"), fact("1", "a", "2025-01-01")];
  assert.equal(groupFacts("problems", facts).length, 2);
});
