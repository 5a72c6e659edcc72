import assert from "node:assert/strict";
import { test } from "node:test";
import { closedLoop, kneeOf, loadOf } from "./closedLoop.ts";

test("loadOf() gives the rate, the middle and the 99th of a hundred", () => {
  const durations = Array.from({ length: 200 }, (_, i) => 200 - i);
  const load = { callers: 4, perSecond: 20, medianMs: 100, p99Ms: 198, count: 200 };
  assert.deepEqual(loadOf(4, durations, 10), load);
  assert.equal(loadOf(1, [5, 9, 7], 1).p99Ms, 9);
});

test("loadOf() gives no times when nothing ended", () => {
  const { perSecond, p99Ms } = loadOf(1, [], 10);
  assert.deepEqual([perSecond, p99Ms], [0, Number.NaN]);
});

test("kneeOf() gives the fewest callers that reach nine tenths of the best rate", () => {
  const at = (callers: number, perSecond: number) => ({ ...loadOf(callers, [], 1), perSecond });
  assert.equal(kneeOf([at(1, 10), at(2, 19), at(4, 20), at(8, 18)]).callers, 2);
  assert.equal(kneeOf([at(1, 10), at(2, 17), at(4, 20), at(8, 18)]).callers, 4);
  assert.throws(() => kneeOf([]), /Nothing was measured/);
});

test("closedLoop() keeps every caller busy, and counts what ends between the edges", async () => {
  const busy = new Map<number, number>();
  let edges = 0;
  const work = async (caller: number): Promise<void> => {
    busy.set(caller, (busy.get(caller) ?? 0) + 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
  };
  const edge = async (): Promise<void> => {
    edges += 1;
  };
  const load = await closedLoop({ callers: 3, warmMs: 20, forMs: 60, edge }, work);
  const begun = [...busy.values()].reduce((sum, times) => sum + times, 0);
  assert.deepEqual([...busy.keys()], [0, 1, 2]);
  assert.equal(edges, 2);
  assert.ok(load.count > 0 && load.count < begun, `${load.count} of ${begun}`);
});

test("closedLoop() ends every caller and throws when one fails", async () => {
  let under = 0;
  const work = async (caller: number): Promise<void> => {
    under += 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
    under -= 1;
    if (caller === 1) throw new Error("refused");
  };
  const edge = async (): Promise<void> => undefined;
  await assert.rejects(closedLoop({ callers: 3, warmMs: 10, forMs: 60_000, edge }, work), {
    message: "refused",
  });
  assert.equal(under, 0);
});
