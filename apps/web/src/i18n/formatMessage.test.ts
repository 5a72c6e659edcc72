import assert from "node:assert/strict";
import test from "node:test";
import { formatMessage, parameterNames } from "./formatMessage.ts";

const records =
  "{who} opened {count, plural, =0 {nothing} one {# record of {who}} other {# records}}.";

test("formatMessage() fills parameters and chooses the plural branch", () => {
  const of = (count: number): string => formatMessage(records, { who: "Li", count }, "en");
  assert.equal(of(0), "Li opened nothing.");
  assert.equal(of(1), "Li opened 1 record of Li.");
  assert.equal(of(1200), "Li opened 1,200 records.");
  assert.equal(formatMessage("{n, plural, other {# 份}}", { n: 1 }, "zh-CN"), "1 份");
});

test("formatMessage() takes parameters as text, never as a pattern", () => {
  assert.equal(formatMessage("Hello {name}", { name: "{other} #" }, "en"), "Hello {other} #");
  assert.equal(formatMessage("No. # {a}", { a: "x" }, "en"), "No. # x");
});

test("formatMessage() refuses broken patterns and missing parameters", () => {
  const broken = ["{a", "a}", "{a, select, other {x}}", "{n, plural, other {x}", "{}"];
  for (const pattern of broken)
    assert.throws(() => formatMessage(pattern, { a: "x", n: 1 }, "en"), SyntaxError, pattern);
  assert.throws(() => formatMessage("{who}", {}, "en"), RangeError);
  assert.throws(() => formatMessage("{n, plural, one {x}}", { n: 2 }, "en"), RangeError);
});

test("parameterNames() lists each parameter once, sorted", () => {
  assert.deepEqual(parameterNames(records), ["count", "who"]);
});
