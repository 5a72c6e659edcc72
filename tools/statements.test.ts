import assert from "node:assert/strict";
import { test } from "node:test";
import * as crypto from "@anamnesis/crypto/verify";
import { limits } from "@anamnesis/protocol";
import { projectRoot } from "./pinnedNode.mjs";
import { readSources } from "./tidy/sources.ts";
import { limitFindings, statementFindings } from "./tidy/statements.ts";

const sources = readSources(projectRoot);
const page = "docs/spec/limits.md";
const names = [
  ...Object.keys(limits),
  ...Object.keys(crypto).filter((name) => /^CBOR_\w+_MAX$/.test(name)),
];

test("every statement has a number of its own, and what is cited is stated", () => {
  assert.deepEqual(statementFindings(sources), []);
});

test("statementFindings() names numbers that stand twice, and those that nobody states", () => {
  const found = statementFindings([
    { path: "docs/spec/a.md", text: "- **A-1** One.\n| **A-2** | two |\n- **A-1** Another." },
    { path: "packages/b.ts", text: "// docs/spec/a.md A-2\n// docs/spec/a.md A-3" },
  ]);
  assert.deepEqual(found, [
    "docs/spec/a.md:3: states A-1 a second time",
    "packages/b.ts:2: cites A-3, which no page states",
  ]);
});

test("the page of limits names every bound, and no other", () => {
  assert.deepEqual(
    limitFindings(
      sources.find(({ path }) => path === page)!,
      names,
    ),
    [],
  );
});

test("limitFindings() names a bound that is left out, and one that is gone", () => {
  const text = "| a [`one`, `two`] | 1 |\n| b [`gone`] | 2 |";
  assert.deepEqual(limitFindings({ path: "p.md", text }, ["one", "two", "three"]), [
    "p.md:1: leaves out three",
    "p.md:2: names gone, which no code has",
  ]);
});
