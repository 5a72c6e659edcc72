import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Decimal, writeJson } from "./json.ts";
import { parseJson } from "./parseJson.ts";
import { sameJson } from "./same.ts";

test("parseJson() keeps decimals as written and writeJson() writes them back", () => {
  const text =
    '{"a":1.10,"b":[0,-0.0,1e3,1E+3,0.000000000000000000012345678901234567890],"c":"\\u00e9\\n"}';
  const { value } = parseJson(text);
  assert.ok(sameJson(value, parseJson(writeJson(value)).value));
  assert.match(
    writeJson(value),
    /"a":1\.10,"b":\[0,-0\.0,1e3,1E\+3,0\.000000000000000000012345678901234567890\]/,
  );
  assert.equal(sameJson(new Decimal("1.10"), new Decimal("1.1")), false);
});

test("parseJson() reads what JSON.parse reads", () => {
  fc.assert(
    fc.property(fc.json({ noUnicodeString: false }), (text) => {
      if (text.includes("__proto__") || text.includes("-0")) return;
      const expected: unknown = JSON.parse(text);
      assert.deepEqual(JSON.parse(writeJson(parseJson(text).value)), expected);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("parseJson() refuses what JSON.parse refuses", () => {
  const rows = [
    "{a:1}",
    "{'a':1}",
    "[1,]",
    '{"a":1,}',
    "01",
    "+1",
    ".5",
    "1.",
    "[1 2]",
    '"\u0001"',
    '"\\x"',
    "nul1",
    '{"a" 1}',
    "1 2",
    "{1:2}",
    "NaN",
  ];
  for (const text of rows) {
    assert.throws(() => JSON.parse(text) as unknown);
    assert.throws(() => parseJson(text), { name: "FhirError" }, text);
  }
});

test("parseJson() calls every proper beginning of an object truncated, and reads it when partial is allowed", () => {
  const text =
    '{"resourceType":"Bundle","entry":[{"resource":{"a":[true,null,-1.5e3,"x\\"y"]}}],"n":false}';
  for (let end = 0; end < text.length; end++) {
    const start = text.slice(0, end);
    assert.throws(() => parseJson(start), { code: "JSON_TRUNCATED" }, start);
    if (end > 0) assert.doesNotThrow(() => parseJson(start, { partial: true }), start);
  }
});

test("parseJson() refuses repeated, forbidden and too deeply nested members with their place", () => {
  assert.throws(() => parseJson('{"a":1,\n "a":2}'), {
    code: "JSON_DUPLICATE_KEY",
    message: /"a".*line 2, column 2/,
  });
  assert.throws(() => parseJson('{"a":1,"\\u0061":2}'), { code: "JSON_DUPLICATE_KEY" });
  assert.throws(() => parseJson('{"__proto__":{"x":1}}'), { code: "JSON_FORBIDDEN_KEY" });
  assert.throws(() => parseJson('{"\\u005f_proto__":{"x":1}}'), { code: "JSON_FORBIDDEN_KEY" });
  assert.throws(() => parseJson("[".repeat(1_000_000)), { code: "JSON_TOO_DEEP" });
  assert.throws(() => parseJson('{"a":'.repeat(1_000_000)), { code: "JSON_TOO_DEEP" });
  assert.doesNotThrow(() => parseJson("[".repeat(100) + "]".repeat(100)));
});

test("parseJson() refuses more values than fit in memory", () => {
  assert.throws(() => parseJson(`[${"[],".repeat(9_000_000)}0]`), { code: "JSON_TOO_MANY_VALUES" });
  assert.throws(() => parseJson("[1,2,3]", { valuesMax: 3 }), { code: "JSON_TOO_MANY_VALUES" });
});

test("parseJson() quotes no value and no odd property name in its messages", () => {
  for (const text of [
    '{"Alice Smith 1970":1,"Alice Smith 1970":2}',
    '{"name":"Alice Smith 1970" x',
  ]) {
    assert.throws(
      () => parseJson(text),
      (error: Error) => !error.message.includes("Alice"),
    );
  }
});
