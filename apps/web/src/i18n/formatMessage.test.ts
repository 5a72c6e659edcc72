import assert from "node:assert/strict";
import test from "node:test";
import { messageFormat } from "./formatMessage.ts";
import type { ParametersOf } from "./formatMessage.ts";

const records =
  "{who} opened {count, plural, =0 {nothing} one {# record of {who}} other {# records}} for {why}.";

const en = messageFormat("en");

test("messageFormat() fills parameters and chooses the branch of a plural", () => {
  const of = (count: number): string => {
    const parameters: ParametersOf<typeof records> = { who: "Li", count, why: "care" };
    return en(records, parameters);
  };
  assert.equal(of(0), "Li opened nothing for care.");
  assert.equal(of(1), "Li opened 1 record of Li for care.");
  assert.equal(of(1200), "Li opened 1,200 records for care.");
  assert.equal(messageFormat("zh-CN")("{n, plural, other {# 份}}", { n: 1 }), "1 份");
});

test("messageFormat() takes parameters as text, never as a message or as markup", () => {
  assert.equal(en("Hello {name}", { name: "{other} # <b>" }), "Hello {other} # <b>");
  assert.equal(en("No. # <b>{a}</b>, the patient's", { a: "x" }), "No. # <b>x</b>, the patient's");
});

test("messageFormat() refuses broken messages and missing parameters", () => {
  for (const broken of ["{a", "{n, plural, other {x}", "{n, plural, one {x}}", "{}"])
    assert.throws(() => en(broken, { a: "x", n: 1 }), SyntaxError, broken);
  assert.throws(() => en("{who}", {}), { code: "MISSING_VALUE" });
  assert.throws(() => en(records, { who: "Li", why: "care" }), { code: "MISSING_VALUE" });
});

test("ParametersOf names each parameter with its kind", () => {
  const some: ParametersOf<"{a} {n, number} of {m, plural, one {# {b}} other {{c}}}"> = {
    a: "",
    b: "",
    c: "",
    n: 1,
    m: 1,
  };
  // @ts-expect-error A parameter is missing.
  const missing: ParametersOf<"{a} {b}"> = { a: "" };
  // @ts-expect-error A plural wants a number.
  const text: ParametersOf<"{n, plural, other {#}}"> = { n: "1" };
  const none: ParametersOf<"a"> = {};
  assert.deepEqual([some, missing, text, none].length, 4);
});
