import assert from "node:assert/strict";
import test from "node:test";
import { keptIn } from "./useFilter.ts";

const empty = { category: "", state: "" };

test("keptIn() gives what an entry of the history holds of a filter", () => {
  const state = { filter: { category: "imaging", who: "ff", state: 1 } };
  assert.deepEqual(keptIn(state, empty), { category: "imaging" });
});

test("keptIn() gives nothing of an entry that holds none", () => {
  for (const state of [null, undefined, 7, { filter: null }, { filter: "imaging" }])
    assert.deepEqual(keptIn(state, empty), {});
});
