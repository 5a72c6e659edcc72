import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";

test("inOrder() leaves out what stands behind a failure, and says whose it is", async () => {
  const module = JSON.stringify(new URL("inOrder.ts", import.meta.url).href);
  const code = `import { inOrder } from ${module};
    const test = inOrder();
    test("one", () => {});
    test("two", async () => { throw new Error("fails"); });
    test("three", () => { throw new Error("needs two"); });`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--test-reporter=tap", "--input-type=module", "--eval", code];
  const said = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { env }, (_error, stdout) => resolve(stdout));
  });
  assert.match(said, /^ok 1 - one$/m);
  assert.match(said, /^not ok 2 - two$/m);
  assert.match(said, /^ok 3 - three # SKIP left out, since "two" failed$/m);
});
