import assert from "node:assert/strict";
import { test } from "node:test";
import {
  parseActions,
  parseCategories,
  parseEnd,
  parseId,
  parseList,
  parsePurpose,
  parseRecordId,
  parseRecords,
} from "./parseOptions.ts";

const now = Date.parse("2030-01-01T00:00:00Z");
const id = "0123456789abcdef".repeat(4);

test("parseEnd() takes days from now, or a date, or a time with its zone", () => {
  const rows = [
    [{ days: "30" }, "2030-01-31T00:00:00Z"],
    [{ days: "0.5" }, "2030-01-01T12:00:00Z"],
    [{ until: "2030-02-01" }, "2030-02-01T00:00:00Z"],
    [{ until: "2030-02-01T08:00+08:00" }, "2030-02-01T00:00:00Z"],
    [{ until: "2030-01-01T00:00:01.5Z" }, "2030-01-01T00:00:01.5Z"],
  ] as const;
  for (const [said, wanted] of rows) assert.equal(parseEnd(said, now), Date.parse(wanted));
  assert.equal(parseEnd({}, now), undefined);
});

test("parseEnd() refuses what is no time, lies in the past, or is said twice", () => {
  const wrong = [
    { days: "0" },
    { days: "-1" },
    { days: "367" },
    { days: "1e2" },
    { days: "many" },
    { until: "tomorrow" },
    { until: "2030-13-01" },
    { until: "2029-12-31" },
    { until: "2031-01-03" },
    { until: "1" },
    { days: "1", until: "2031-01-01" },
  ];
  for (const said of wrong)
    assert.throws(() => parseEnd(said, now), { code: "USAGE" }, JSON.stringify(said));
});

test("parseList() splits at commas and drops what is said twice", () => {
  assert.deepEqual(parseList("laboratory, vitals,laboratory"), ["laboratory", "vitals"]);
  assert.equal(parseList(undefined), undefined);
  assert.throws(() => parseList(" , "), { code: "USAGE" });
});

test("parseCategories() and parseActions() take what there is, and name what there is not", () => {
  assert.deepEqual(parseCategories("laboratory,vitals"), ["laboratory", "vitals"]);
  assert.throws(() => parseCategories("laboratory,labs"), {
    code: "USAGE",
    message: /'labs' is not a category, want encounter-note/,
  });
  assert.deepEqual(parseActions("copy"), ["read", "copy"], "to copy includes to read");
  assert.deepEqual(parseActions("read"), ["read"]);
  assert.throws(() => parseActions("read,write"), { code: "USAGE", message: /'write'/ });
  assert.deepEqual([parseCategories(undefined), parseActions(undefined)], [undefined, undefined]);
});

test("parseRecordId() takes an id or one of its versions, and nothing else", () => {
  for (const text of [id, `${id}@1`, `${id}@12`]) assert.equal(parseRecordId(text), text);
  for (const text of ["", "abc", id.toUpperCase(), `${id}@`, `${id}@0`, `${id}@1@2`, `${id}@x`]) {
    assert.throws(() => parseRecordId(text), { code: "USAGE" }, text);
  }
  assert.deepEqual(parseRecords(`${id},${id}`), [id]);
});

test("parseId() and parsePurpose() say what was wanted", () => {
  assert.equal(parseId(id, "grant"), id);
  assert.throws(() => parseId("x", "grant"), { code: "USAGE", message: /'x' is not a grant's id/ });
  assert.equal(parsePurpose("TREAT"), "TREAT");
  assert.throws(() => parsePurpose("treat"), { code: "USAGE", message: /want one of TREAT/ });
});
