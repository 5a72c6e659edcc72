import assert from "node:assert/strict";
import test from "node:test";
import { dayValue, endOfDay, fhirTime, formatBytes, formatDay, formatFhirDate } from "./dates.ts";

test("formatFhirDate() keeps the precision and the day that were written down", () => {
  assert.equal(formatFhirDate("2024", "en"), "2024");
  assert.equal(formatFhirDate("2024-03", "en"), "March 2024");
  assert.equal(formatFhirDate("2024-03-09", "en"), "9 March 2024");
  assert.equal(formatFhirDate("2024-03-09T23:30:00+08:00", "en"), "9 March 2024");
  assert.equal(formatFhirDate("2024-03-09", "zh-CN"), "2024年3月9日");
  assert.equal(formatFhirDate("soon", "en"), "soon");
});

test("formatDay() writes the day before the month in English", () => {
  const noon = new Date(2026, 10, 21, 12).getTime();
  assert.equal(formatDay(noon, "en"), "21 November 2026");
  assert.equal(formatDay(noon, "zh-CN"), "2026年11月21日");
});

test("endOfDay() and dayValue() go back and forth, and refuse what is no day", () => {
  const end = endOfDay("2026-02-28");
  assert.ok(end !== undefined);
  assert.equal(dayValue(end), "2026-02-28");
  assert.equal(dayValue(end + 1), "2026-03-01");
  for (const wrong of ["", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1"])
    assert.equal(endOfDay(wrong), undefined, wrong);
});

test("fhirTime() orders dates of different precision and gives nothing for what is no date", () => {
  assert.ok((fhirTime("2024") ?? 0) < (fhirTime("2024-03-09T10:00:00Z") ?? 0));
  assert.equal(fhirTime("soon"), undefined);
});

test("formatBytes() writes sizes in words of the language", () => {
  assert.equal(formatBytes(950, "en"), "950 bytes");
  assert.equal(formatBytes(12_345, "en"), "12.3 kB");
});
