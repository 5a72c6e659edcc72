import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "@anamnesis/client";
import { logCsv } from "./logCsv.ts";

const entry = (name: string, titles: Readonly<Record<string, string>> = {}): LogEntry => ({
  what: "opened",
  time: Date.parse("2026-03-01T10:00:00Z"),
  who: { fingerprint: "ab", name, role: "doctor", institution: "city-hospital" },
  categories: ["laboratory", "vitals"],
  origins: ["general-hospital"],
  titles,
  purposes: ["ETREAT"],
  emergency: true,
  gid: "c1",
  intent: "d2",
  records: Object.keys(titles),
  witnesses: 3,
});

test("logCsv() gives a head and a line an entry, each ended by CRLF", () => {
  assert.equal(
    logCsv([entry("Dr Chen", { r1: "Blood, count", r2: 'The "other"' })]),
    "time,what,name,institution,role,certificate,purposes,emergency,categories,origins,records,titles,grant,request,slip,outcome\r\n" +
      "2026-03-01T10:00:00.000Z,opened,Dr Chen,city-hospital,doctor,ab,ETREAT,yes,laboratory vitals,general-hospital," +
      'r1 r2,"Blood, count; The ""other""",c1,,d2,\r\n',
  );
  assert.equal(logCsv([]).split("\r\n").length, 2);
});

test("logCsv() has no cell that a table takes for a formula, and no line that a cell begins", () => {
  const attacks = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r\n=1", "\uff1d1", "a\r\n=1"];
  for (const attack of attacks) {
    const lines = logCsv([entry(attack, { r1: attack })]).split("\r\n");
    assert.equal(lines.length, 3, JSON.stringify(attack));
    assert.doesNotMatch(lines[1]!, /(?:^|,)"?\s*[=+\-@\uff1d]/u, JSON.stringify(attack));
  }
});
