/** Tests of which one does not end; no `.test.ts`, so that only the hunt's own test runs them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { mayEnter } from "./gate.ts";

test("waits for a timer that it has mocked", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  await new Promise((resolve) => setTimeout(resolve, 1));
});

test("turns a child away", () => {
  assert.equal(mayEnter({ age: 5, hasTicket: true, isBanned: false }), false);
});
