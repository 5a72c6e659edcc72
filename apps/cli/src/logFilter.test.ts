import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEntry } from "@anamnesis/client";
import { filterLog, parseLogFilter } from "./logFilter.ts";

const record = "4f".repeat(32);
const common = { titles: {}, purposes: [], emergency: false } as const;
const who = (name: string, institution: string) => ({
  fingerprint: name === "" ? "" : "ab".repeat(32),
  name,
  role: "doctor",
  institution,
});
const at = (text: string): number => Date.parse(text);
const log: readonly LogEntry[] = [
  {
    what: "opened",
    time: at("2026-03-02T00:00:00Z"),
    who: who("Dr Chen", "city-hospital"),
    ...common,
    gid: "1",
    intent: "2",
    records: [record],
    witnesses: 3,
  },
  {
    what: "reread",
    time: at("2026-03-01T23:59:59.999Z"),
    who: who("Dr Li", "general-hospital"),
    ...common,
    record,
    slip: "3",
  },
  {
    what: "asked",
    time: at("2026-03-01T00:00:00Z"),
    who: who("Dr Chen", "city-hospital"),
    ...common,
    request: "4",
  },
  { what: "lookedUp", time: 0, who: who("Dr Chen", "city-hospital"), ...common },
];
const options = { dir: ".", isDirGiven: false };
const kept = (said: Readonly<Record<string, string>>): readonly string[] =>
  filterLog(log, parseLogFilter({ ...options, ...said })).map(({ what }) => what);

test("filterLog() keeps what is wanted by time, person, institution, record and kind", () => {
  const rows = [
    [{}, "opened reread asked lookedUp"],
    [{ since: "2026-03-01" }, "opened reread asked"],
    [{ since: "2026-03-01T00:00:01Z" }, "opened reread"],
    [{ until: "2026-03-01" }, "reread asked lookedUp"],
    [{ until: "2026-03-02T08:00+08:00" }, "reread asked lookedUp"],
    [{ since: "2026-03-01", until: "2026-03-01" }, "reread asked"],
    [{ who: "dr chen" }, "opened asked lookedUp"],
    [{ who: "general-hospital" }, "reread"],
    [{ who: "Dr Li@general-hospital" }, "reread"],
    [{ who: "Dr Li@city-hospital" }, ""],
    [{ who: "ab".repeat(32) }, "opened reread asked lookedUp"],
    [{ who: "Chen" }, ""],
    [{ record }, "opened reread"],
    [{ record: `${record}@1` }, "opened reread"],
    [{ kind: "asked,lookedUp" }, "asked lookedUp"],
    [{ kind: "opened", who: "general-hospital" }, ""],
  ] as const;
  for (const [said, want] of rows) assert.equal(kept(said).join(" "), want, JSON.stringify(said));
});

test("parseLogFilter() says what is wrong, and what is wanted", () => {
  const rows = [
    [{ since: "yesterday" }, /'yesterday' is not an ISO 8601 time, want for example/],
    [{ since: "2026-02-30" }, /'2026-02-30' is not/],
    [{ until: "2026-13-01" }, /'2026-13-01' is not/],
    [{ until: "2026-03-01T10:00" }, /is not an ISO 8601 time/],
    [{ since: "2026-03-02", until: "2026-03-01" }, /--until lies before --since/],
    [{ kind: "opened,looked" }, /'looked' is no kind of entry, want some of asked, /],
    [{ kind: "," }, /A list is empty/],
    [{ kind: "constructor" }, /is no kind/],
    [{ record: "12" }, /is not a record id/],
  ] as const;
  for (const [said, message] of rows)
    assert.throws(
      () => parseLogFilter({ ...options, ...said }),
      { code: "USAGE", message },
      JSON.stringify(said),
    );
});
