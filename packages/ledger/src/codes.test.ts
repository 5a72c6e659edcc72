import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { errorCodes, slipCodes, slipCodeText } from "@anamnesis/protocol";
import type { SlipCode } from "@anamnesis/protocol";

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

test("no number stands for two codes", () => {
  const numbers = Object.values(slipCodes);
  assert.equal(new Set<number>(numbers).size, numbers.length);
});

test("docs/spec/codes.md lists every code with its number, meaning, status and exit code", () => {
  const page = readFileSync(new URL("../../../docs/spec/codes.md", import.meta.url), "utf8");
  const rows = new Set(page.split("\n").filter((line) => line.startsWith("| ")));
  for (const [code, number] of Object.entries(slipCodes))
    assert.ok(rows.has(`| ${number} | \`${code}\` | ${slipCodeText[code as SlipCode]} |`), code);
  for (const [code, { status, exit }] of Object.entries(errorCodes))
    assert.ok(rows.has(`| \`${code}\` | ${status} | ${exit} |`), code);
});
