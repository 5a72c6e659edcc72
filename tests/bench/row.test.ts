import assert from "node:assert/strict";
import { test } from "node:test";
import { beyond, costs, reaches, within } from "./row.ts";

const figure = { id: "a", unit: "ms" };

test("a row is met by the ratio of value and reference, in one unit", () => {
  const rows = [
    { row: reaches({ ...figure, value: 50, ceiling: 100, target: 0.5 }), ratio: 0.5, met: true },
    { row: reaches({ ...figure, value: 49, ceiling: 100, target: 0.5 }), ratio: 0.49, met: false },
    { row: costs({ ...figure, value: 27, ceiling: 10, target: 2.8 }), ratio: 2.7, met: true },
    { row: costs({ ...figure, value: 29, ceiling: 10, target: 2.8 }), ratio: 2.9, met: false },
    { row: within({ ...figure, value: 300, budget: 300 }), ratio: 1, met: true },
    { row: within({ ...figure, value: 301, budget: 300 }), ratio: 301 / 300, met: false },
    { row: beyond({ ...figure, value: 2_000, budget: 2_000 }), ratio: 1, met: true },
    { row: beyond({ ...figure, value: 1_999, budget: 2_000 }), ratio: 1_999 / 2_000, met: false },
  ];
  for (const { row, ratio, met } of rows)
    assert.deepEqual([row.ratio, row.met], [ratio, met], `${row.against} ${row.value}`);
});

test("a figure that could not be measured is not met", () => {
  assert.equal(within({ ...figure, value: Number.NaN, budget: 1 }).met, false);
  assert.equal(reaches({ ...figure, value: Number.NaN, ceiling: 1, target: 0.5 }).met, false);
});
