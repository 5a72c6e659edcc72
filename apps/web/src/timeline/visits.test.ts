import assert from "node:assert/strict";
import test from "node:test";
import type { ListedRecord } from "../worker/port.ts";
import { filterRecords, groupByVisit, noFilter } from "./visits.ts";

const author = { fingerprint: "ff", name: "dr-li", role: "doctor", institution: "city-hospital" };

function listed(id: string, change: Partial<ListedRecord>): ListedRecord {
  return {
    id,
    chain: "demo-city-hospital",
    institution: "city-hospital",
    pid: "p1",
    tag: "t",
    category: "laboratory",
    state: "confirmed",
    author,
    time: 1,
    versions: [],
    ...change,
  };
}

const records = [
  listed("a", { pid: "old", date: "2020-01-02", time: 30 }),
  listed("b", { pid: "new", date: "2024-05", time: 25, category: "imaging" }),
  listed("c", { pid: "new", date: "2024-05-01T08:00:00Z", time: 20, state: "disputed" }),
  listed("e", { pid: "new", time: 3 * 24 * 3_600_000, category: "vitals" }),
  listed("d", { pid: "undated", time: 5, institution: "online-clinic" }),
];

test("groupByVisit() puts the newest visit first, by when it was and not by when it was written", () => {
  const visits = groupByVisit(records);
  assert.deepEqual(
    visits.map(({ pid }) => pid),
    ["new", "old", "undated"],
  );
  assert.deepEqual(
    visits[0]?.records.map(({ id }) => id),
    ["e", "b", "c"],
  );
});

test("filterRecords() fits each part of the filter and all with none", () => {
  const ids = (filter: Partial<typeof noFilter>): string[] =>
    filterRecords(records, { ...noFilter, ...filter }).map(({ id }) => id);
  assert.deepEqual(ids({}), ["a", "b", "c", "e", "d"]);
  assert.deepEqual(ids({ category: "imaging" }), ["b"]);
  assert.deepEqual(ids({ institution: "online-clinic" }), ["d"]);
  assert.deepEqual(ids({ state: "disputed" }), ["c"]);
  assert.deepEqual(ids({ state: "disputed", category: "imaging" }), []);
});
