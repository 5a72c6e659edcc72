import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";

/** Tests of what both builds must do alike, besides all of this folder. */
const SHARED = [
  "../src/signature/signature.test.ts",
  "../src/encoding/cbor.test.ts",
  "../src/kem/capsule.test.ts",
];

test("the browser's build passes every test of vectors", () => {
  const here = import.meta.dirname;
  const own = readdirSync(here).filter((name) => /(?<!^browserBuild|^files)\.test\.ts$/.test(name));
  const files = [...own, ...SHARED].map((name) => join(here, name));
  // `--conditions=browser` makes #primitives the browser's; without NODE_TEST_CONTEXT the child reports by itself.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--conditions=browser", "--test", "--test-reporter=tap", ...files],
    { env: { ...env, EXPECTED_BUILD: "browser" }, encoding: "utf8" },
  );
  assert.equal(status, 0, stdout);
  assert.match(stdout, /# pass [1-9]/);
});
