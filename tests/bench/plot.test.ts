import assert from "node:assert/strict";
import { test } from "node:test";
import { plotBySize } from "./plot.ts";

test("plotBySize() draws a line for each series, escaped, with every size on its axis", () => {
  const svg = plotBySize("Cost <of> a slip", "verifications", [
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
