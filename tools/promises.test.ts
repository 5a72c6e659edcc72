import assert from "node:assert/strict";
import { test } from "node:test";
import { projectRoot } from "./pinnedNode.mjs";
import { promiseFindings } from "./tidy/promises.ts";
import { readSources, type Source } from "./tidy/sources.ts";

/** How many items each paper promises (S0 to S4), invariants, traps, and promises of the README. */
const ranges = { "S0-": 86, "S1-": 48, "S2-": 34, "S3-": 29, "S4-": 24, I: 10, T: 13, R: 13 };

test("T13: the page of promises names every id once, and only tests that exist", () => {
  const sources = readSources(projectRoot);
  const page = sources.find(({ path }) => path === "docs/promises.md");
  assert.ok(page);
  const findings = promiseFindings(page, sources, ranges);
  assert.ok(findings.length === 0, `\n${findings.join("\n")}`);
});

const tests: Source = {
  path: "a/b.test.ts",
  text: 'test("adds", () => {});\n// test("subtracts");\ntest(\n  `${x} divides`,\n);',
};
const untested: Source = {
  path: "a/rows.ts",
  text: 'export const rows = () => test("counts", f);',
};
const page = (...rows: readonly string[]): Source => ({
  path: "page.md",
  text: ["| Id | Promise | Proof |", "|---|---|---|", ...rows].join("\n"),
});
const reason = "what the paper does would let a server read everything";

test("promiseFindings() takes a test, another form with its reason, and a room to come", () => {
  const good = page(
    '| I1 | It adds | `a/b.test.ts` "adds", "${x} divides" |',
    `| I2 | It reads | *Other form*: ${reason} |`,
    '| I3 | It grows | *Partly* (adds): `a/b.test.ts` "adds". Not yet: the rest, `packages/c` |',
    "| I4 | It flies | Not yet: a gateway app |",
  );
  assert.deepEqual(promiseFindings(good, [tests], { I: 4 }), []);
});

test("promiseFindings() takes tests of a file that a test file beside it runs", () => {
  const row = page('| I1 | It counts | `a/rows.ts` "counts" |');
  const running = { path: "a/c.test.ts", text: 'import { rows } from "./rows.ts"; rows();' };
  assert.deepEqual(promiseFindings(row, [untested, running], { I: 1 }), []);
});

test("promiseFindings() names each fault of a row", () => {
  const rows = [
    ['| I1 | a | `a/b.test.ts` "subtracts" |', /3: I1 names a test that does not exist/],
    ['| I1 | a | `a/gone.test.ts` "adds" |', /does not exist/],
    ['| I1 | a | `a/rows.ts` "counts" |', /does not exist/],
    ["| I1 | a | `a/b.test.ts` |", /without a title/],
    ["| I1 | a | surely |", /has no test/],
    ["| I1 | a | Not yet |", /wanted the room/],
    ['| I1 | a | *Partly* (adds): `a/b.test.ts` "adds" |', /what is not yet/],
    ['| I1 | a | `a/b.test.ts` "adds". Not yet: b, `apps/c` |', /"\*Partly\*" in front/],
    ["| I1 | a | *Other form*: we say so |", /wanted the reason/],
    ['| I2 | a | `a/b.test.ts` "adds" |', /I2 is no promise's id/],
  ] as const;
  for (const [row, want] of rows)
    assert.match(promiseFindings(page(row), [tests, untested], { I: 1 }).join("\n"), want, row);
  const row = '| I1 | a | `a/b.test.ts` "adds" |';
  assert.match(
    promiseFindings(page(row, row), [tests], { I: 1 })[0] ?? "",
    /4: I1 stands in line 3/,
  );
  assert.deepEqual(promiseFindings(page(row), [tests], { I: 2 }), ["page.md:1: I2 is missing"]);
});
