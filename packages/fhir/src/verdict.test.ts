import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "@anamnesis/testing/samples/bundles";
import { CHECKS_VERSION, Decimal, parse, verdictOf } from "./index.ts";
import type { Issue, JsonObject, Rule } from "./index.ts";
import { validate } from "./validate.ts";

const XHTML = 'xmlns="http://www.w3.org/1999/xhtml"';
const observation = {
  resourceType: "Observation",
  id: "o",
  status: "final",
  code: { text: "Potassium" },
  effectiveDateTime: "2026-03-04T08:00:00+08:00",
  valueQuantity: {
    value: new Decimal("4"),
    unit: "mmol/L",
    system: "http://unitsofmeasure.org",
    code: "mmol/L",
  },
};
const encounter = {
  resourceType: "Encounter",
  status: "finished",
  class: { system: "http://terminology.hl7.org/CodeSystem/v3-ActCode", code: "AMB" },
};
const read = (value: JsonObject): Promise<Issue[]> => validate(parse(bytesOf(value)));
const narrative = (div: string) => ({ text: { status: "generated", div } });

test("validate() finds what the base profiles' structure leaves unchecked (docs/spec/fhir.md F-26)", async (t) => {
  const at = (effectiveDateTime: string) => ({ ...observation, effectiveDateTime });
  const lasting = (start: string, end: string) => ({ ...encounter, period: { start, end } });
  const inUnit = (code: string) => ({
    ...observation,
    valueQuantity: { ...observation.valueQuantity, code },
  });
  const rows: readonly (readonly [string, JsonObject, Rule | undefined, RegExp?])[] = [
    ["nothing wrong", observation, undefined],
    [
      "a time without zone",
      at("2026-03-04T08:00:00"),
      "VALUE_TIME",
      /^Observation\.effectiveDateTime$/,
    ],
    ["a time without seconds", at("2026-03-04T08:00Z"), "VALUE_TIME"],
    ["a month 13", at("2026-13"), "VALUE_TIME"],
    ["a month alone", at("2026-12"), undefined],
    [
      "a date as a birth date with time",
      { resourceType: "Patient", birthDate: "1974-12-25T00:00:00Z" },
      "VALUE_TIME",
    ],
    ["an instant without time", { ...observation, issued: "2026-03-04" }, "VALUE_TIME"],
    ["an empty array", { ...observation, category: [] }, "VALUE_EMPTY", /category/],
    ["an empty object", { ...observation, method: {} }, "VALUE_EMPTY", /method/],
    ["a blank text", { ...observation, note: [{ text: "  " }] }, "VALUE_EMPTY", /note\[0\]\.text/],
    ["an id with a blank", { ...observation, id: "a b" }, "VALUE_ID", /^Observation\.id$/],
    ["an id too long", { ...observation, id: "a".repeat(65) }, "VALUE_ID"],
    ["a period reversed", lasting("2026-03-05", "2026-03-04"), "PERIOD_REVERSED", /period/],
    [
      "a period reversed over zones",
      lasting("2026-03-04T10:00:00Z", "2026-03-04T11:00:00+08:00"),
      "PERIOD_REVERSED",
    ],
    ["a period within a day", lasting("2026-03-04T10:00:00Z", "2026-03-04"), undefined],
    ["a unit of no system", inUnit("mmol/l/x"), "UNIT_UNKNOWN", /valueQuantity\.code/],
    [
      "a blank narrative",
      { ...observation, ...narrative(`<div ${XHTML}> <p/>&#160;</div>`) },
      "NARRATIVE_BLANK",
    ],
    ["no namespace", { ...observation, ...narrative("<div>Text</div>") }, "NARRATIVE_NAMESPACE"],
    ["a narrative", { ...observation, ...narrative(`<div ${XHTML}>Text</div>`) }, undefined],
  ];
  for (const [name, value, rule, place] of rows) {
    await t.test(name, async () => {
      const issues = await read(value);
      if (rule === undefined) assert.deepEqual(issues, []);
      else
        assert.ok(
          issues.some((one) => one.rule === rule && (place?.test(one.expression) ?? true)),
          JSON.stringify(issues),
        );
    });
  }
});

test("verdictOf() counts by rule and keeps the gravest places, no value of the record (docs/spec/fhir.md F-27)", async () => {
  const issues = await read({
    ...observation,
    id: "a b",
    category: [],
    effectiveDateTime: "2026-03-04T08:00:00",
  });
  const verdict = verdictOf(issues, 2);
  assert.equal(verdict.checks, CHECKS_VERSION);
  assert.equal(verdict.errors, issues.filter(({ severity }) => severity === "error").length);
  assert.equal(verdict.issues.length, 2);
  assert.ok(verdict.issues.every(({ severity }) => severity === "error"));
  assert.equal(
    verdict.rules.reduce((sum, { count }) => sum + count, 0),
    issues.length,
  );
  assert.deepEqual(JSON.parse(JSON.stringify(verdict)), verdict);
  assert.doesNotMatch(JSON.stringify(verdict), /a b|2026-03/);
  assert.deepEqual(verdictOf([]), {
    checks: CHECKS_VERSION,
    errors: 0,
    warnings: 0,
    rules: [],
    issues: [],
  });
});

test("validate() says of FHIR in XML that it is not validated", async () => {
  const issues = await validate(parse(bytesOf('<Patient xmlns="http://hl7.org/fhir"/>')));
  assert.deepEqual(
    issues.map(({ rule, severity }) => [rule, severity]),
    [["NOT_CHECKED", "information"]],
  );
});
