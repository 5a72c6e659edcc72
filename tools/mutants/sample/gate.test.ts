import assert from "node:assert/strict";
import { once } from "node:events";
import { before, suite, test } from "node:test";
import { Worker } from "node:worker_threads";
import { mayEnter, seats, type Guest } from "./gate.ts";

suite("the sample's door", () => {
  let guest: Guest;
  before(() => (guest = { age: 30, hasTicket: true, isBanned: false }));

  test("lets a grown guest with a ticket in", () => {
    assert.equal(mayEnter(guest), true);
  });

  test("keeps a child out", () => {
    assert.equal(mayEnter({ ...guest, age: 5 }), false);
  });

  test("refuses whom it banned", async (t) => {
    await t.test("with a ticket", () => {
      assert.throws(() => mayEnter({ ...guest, isBanned: true }));
    });
  });
});

test("has six seats", () => {
  assert.equal(seats, 6);
});

/** Runs on from one test to the next. */
const thread = new Worker(
  new URL(
    `data:text/javascript,${encodeURIComponent(`
      import { parentPort } from "node:worker_threads";
      const { isOpen } = await import(${JSON.stringify(new URL("./hours.ts", import.meta.url).href)});
      parentPort.on("message", (hour) => parentPort.postMessage(isOpen(hour)));
    `)}`,
  ),
);
thread.unref();

for (const [hour, want] of [
  [7, false],
  [8, true],
] as const) {
  test(`is ${want ? "open" : "closed"} at ${hour}`, async () => {
    const answer = once(thread, "message");
    thread.postMessage(hour);
    assert.deepEqual(await answer, [want]);
  });
}
