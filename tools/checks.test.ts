import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";

/** Runs one test file as `npm test` does, in a process of its own. */
async function runOne(file: string, ...options: readonly string[]) {
  const checks = JSON.stringify(new URL("checks.mjs", import.meta.url).href);
  const code = `import { runTests } from ${checks};
    process.exitCode = (await runTests([${JSON.stringify(file)}], ${JSON.stringify(options)})) ? 0 : 1;`;
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = once(child, "exit") as Promise<[number | null]>;
  const said = await text(child.stdout);
  return { said, code: (await exit)[0] };
}

const server = `import { createServer } from "node:http";
  import { test } from "node:test";
  const open = () => createServer().listen(0, "127.0.0.1");`;

test("runTests() ends though a failed test left a server open, and runs the tests behind it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "checks-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "left.test.mjs");
  const failing = `test("one", () => { open(); throw new Error("fails"); }); test("two", () => {});`;
  writeFileSync(file, `${server}\n${failing}`);
  const { said, code } = await runOne(file);
  assert.equal(code, 1);
  assert.match(said, /✖ one/);
  assert.match(said, /✔ two/);
});

test("runTests() fails a test that hangs, and runs its clean-up and the tests behind it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "checks-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "hung.test.mjs");
  const hanging = `test("one", async (t) => {
      t.after(() => console.log("cleaned up"));
      open();
      await new Promise(() => {});
    });
    test("two", () => {});`;
  writeFileSync(file, `${server}\n${hanging}`);
  const { said, code } = await runOne(file, "--test-timeout=1000");
  assert.equal(code, 1);
  assert.match(said, /test timed out after 1000ms/);
  assert.match(said, /cleaned up/);
  assert.match(said, /✔ two/);
});
