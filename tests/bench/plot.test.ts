import assert from "node:assert/strict";
import { test } from "node:test";
import { plotBySize, plotFileOf, stacked } from "./plot.ts";

test("plotBySize() draws a line for each series, escaped, with every size on its axis", () => {
  const svg = plotBySize("Cost <of> a slip", "verifications", "slips on the chain", [
    {
      name: "single",
      points: [
        [10_000, 2.5],
        [100_000, 2.6],
      ],
    },
    { name: "batch & more", points: [[10_000, 1.4]] },
  ]);
  assert.equal(svg.match(/<polyline/g)?.length, 2);
  assert.match(svg, /Cost &lt;of> a slip/);
  assert.match(svg, /batch &amp; more/);
  assert.match(svg, />10,000</);
  assert.match(svg, />100,000</);
  assert.doesNotMatch(svg, /NaN/);
});

test("plotBySize() writes the names of lines that end close together under each other", () => {
  const names = ["a follower", "batches", "single"];
  const svg = plotBySize(
    "Cost",
    "verifications",
    "slips",
    names.map((name, i) => ({ name, points: [[10_000, 1.5 + i / 1_000]] })),
  );
  const heights = names.map((name) =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*>${name}<`).exec(svg)![1]),
  );
  assert.ok(heights[1]! - heights[2]! >= 16 && heights[0]! - heights[1]! >= 16, heights.join(" "));
});

test("stacked() puts one plot under the other", () => {
  const plot = plotBySize("Cost", "ms", "slips", [{ name: "one", points: [[1, 2]] }]);
  const svg = stacked([plot, plot]);
  const heights = [...svg.matchAll(/<svg y="(\d+)" width="720" height="(\d+)"/g)];
  assert.deepEqual(
    heights.map(([, y, height]) => [Number(y), Number(height)]),
    [
      [0, 420],
      [420, 420],
    ],
  );
  assert.match(svg, /viewBox="0 0 720 840"/);
});

test("plotFileOf() gives each of several suites a file of its own", () => {
  assert.equal(plotFileOf("a/b.svg", "share", { isOneOfMany: false }), "a/b.svg");
  assert.equal(plotFileOf("a/b.svg", "share", { isOneOfMany: true }), "a/b-share.svg");
  assert.equal(plotFileOf("b", "share", { isOneOfMany: true }), "b-share");
  assert.equal(plotFileOf(undefined, "share", { isOneOfMany: true }), undefined);
});
