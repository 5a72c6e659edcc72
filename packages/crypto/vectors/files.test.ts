import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { vectorFiles } from "./files.ts";

test("the vectors that lie in tests/vectors are those that are made", () => {
  for (const [name, text] of Object.entries(vectorFiles())) {
    const file = new URL(`../../../tests/vectors/${name}`, import.meta.url);
    assert.equal(readFileSync(file, "utf8"), text, `${name}: run packages/crypto/vectors/make.ts`);
  }
});
