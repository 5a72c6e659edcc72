import assert from "node:assert/strict";
import { test } from "node:test";
import { originOf } from "./origin.ts";
import { RateLimit } from "./rateLimit.ts";

const minute = 60_000;

test("take() counts each key by itself, refuses what is above, and begins anew with the period", () => {
  const rate = new RateLimit({ most: 3, periodMs: minute, what: "things" });
  rate.take("a", 0, 2);
  assert.throws(() => rate.take("a", 1, 2), { code: "RATE_LIMITED", message: /at most 3 things/ });
  rate.take("a", 2); // What was refused is not counted.
  rate.take("b", 3, 3);
  assert.throws(() => rate.take("a", minute - 1), { code: "RATE_LIMITED" });
  rate.take("a", minute, 3);
});

test("giveBack() lets the same key take again, in its period and not beyond what was taken", () => {
  const rate = new RateLimit({ most: 3, periodMs: minute, what: "things" });
  rate.take("a", 0, 3);
  rate.giveBack("a", 0, 2);
  rate.take("a", 1, 2);
  assert.throws(() => rate.take("a", 1), { code: "RATE_LIMITED" });
  rate.take("a", minute, 3);
  rate.giveBack("a", minute - 1, 3);
  assert.throws(() => rate.take("a", minute), { code: "RATE_LIMITED" }, "of the period before");
  rate.giveBack("a", minute, 9);
  rate.take("a", minute, 3);
  assert.throws(() => rate.take("a", minute), { code: "RATE_LIMITED" });
});

test("take() with ever new keys is no way round it: beyond so many they share one count", () => {
  const rate = new RateLimit({ most: 5, periodMs: minute, what: "things" });
  for (let i = 0; i < 100_000; i++) rate.take(`key ${i}`, 0);
  const outcomes = Array.from({ length: 10 }, (_, i) => {
    try {
      rate.take(`new ${i}`, 0);
      return "OK";
    } catch {
      return "refused";
    }
  });
  assert.equal(outcomes.filter((outcome) => outcome === "OK").length, 5);
  rate.take("key 0", 0, 4);
});

test("originOf() takes an IPv6 subscriber's network for one origin", () => {
  const rows = [
    ["127.0.0.1", "127.0.0.1"],
    ["::ffff:10.0.0.7", "10.0.0.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:DB8:0001:2::ffff", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["::1", "0:0:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["somebody", "unknown"],
    ["", "unknown"],
  ] as const;
  for (const [address, want] of rows) assert.equal(originOf(address), want, address);
});
