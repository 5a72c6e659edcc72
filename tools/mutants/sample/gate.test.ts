import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
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
