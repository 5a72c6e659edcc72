import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { chooseTests, readArguments } from "./selection.mjs";

test("readArguments() tells parts of paths, options for the runner and revisions apart", () => {
  const rows = [
    [[], { parts: [], options: [], changedSince: undefined }],
    [["packages/fhir"], { parts: ["packages/fhir"], options: [], changedSince: undefined }],
    [["--changed"], { parts: [], options: [], changedSince: "HEAD" }],
    [["--changed=main~2"], { parts: [], options: [], changedSince: "main~2" }],
    [
      ["--watch", "--test-name-pattern=a", "fhir"],
      { parts: ["fhir"], options: ["--watch", "--test-name-pattern=a"], changedSince: undefined },
    ],
  ] as const;
  for (const [args, want] of rows) assert.deepEqual(readArguments(args), want);
  assert.match(JSON.stringify(readArguments(["--watch"])), /Watch what/);
  assert.match(JSON.stringify(readArguments(["--changed=--output=x"])), /no revision/);
});

test("chooseTests() says why there is nothing to run", () => {
  const all = (): boolean => true;
  const wanted = { parts: [], options: [], changedSince: undefined };
  assert.match(JSON.stringify(chooseTests({ ...wanted, parts: ["nowhere"] }, all)), /nowhere/);
  assert.match(
    JSON.stringify(chooseTests({ ...wanted, changedSince: "no-such-revision" }, all)),
    /Cannot tell what changed since no-such-revision/,
  );
  const chosen = chooseTests({ ...wanted, parts: ["tools/selection"] }, all);
  assert.deepEqual(chosen, { batches: [["tools/selection.test.ts"]], leftOut: [] });
});

test(
  "runTests() with --watch runs a test again when a file that it imports is saved",
  { timeout: 60_000 },
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "watch-"));
    const value = join(folder, "value.ts");
    const file = join(folder, "a.test.ts");
    writeFileSync(value, 'export const value = "first";');
    writeFileSync(
      file,
      'import { test } from "node:test"; import { value } from "./value.ts"; test(value, () => {});',
    );
    const checks = JSON.stringify(new URL("checks.mjs", import.meta.url).href);
    const code = `import { runTests } from ${checks}; await runTests([${JSON.stringify(file)}], ["--watch"]);`;
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    t.after(() => {
      child.kill("SIGTERM");
      rmSync(folder, { recursive: true });
    });
    let saved = false;
    for await (const line of createInterface(child.stdout)) {
      if (line.includes("second")) return;
      if (saved || !line.startsWith("ℹ duration_ms")) continue;
      writeFileSync(value, 'export const value = "second";');
      saved = true;
    }
    assert.fail("the runner ended");
  },
);
