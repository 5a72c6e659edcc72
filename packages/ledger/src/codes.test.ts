import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { slipCodes } from "@anamnesis/protocol";

const root = new URL(".", import.meta.url).pathname;
const sources = globSync("**/*.test.ts", { cwd: root }).map((file) =>
  readFileSync(new URL(file, import.meta.url), "utf8"),
);
const wanted = new Set(
  sources.flatMap((source) =>
    Array.from(source.matchAll(/\bwant: "([A-Z_]+)"/g), ([, code]) => code),
  ),
);

for (const code of Object.keys(slipCodes)) {
  test(`slip code ${code} has a row in a table`, () => assert.ok(wanted.has(code)));
}
