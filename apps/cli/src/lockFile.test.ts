import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { lockHolder, takeLock } from "./lockFile.ts";

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "lock-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test("takeLock() gives a lock to one holder, and again once it is released", async (t) => {
  const path = join(await folder(t), "a.lock");
  const release = await takeLock(path);
  assert.ok(release);
  assert.equal(await lockHolder(path), process.pid);
  assert.equal(await takeLock(path), undefined);
  await release();
  assert.equal(await lockHolder(path), undefined);
  assert.ok(await takeLock(path));
});

test("takeLock() gives it to exactly one of many who ask at once", async (t) => {
  const dir = await folder(t);
  const taken = await Promise.all(Array.from({ length: 20 }, () => takeLock(join(dir, "a.lock"))));
  assert.equal(taken.filter((release) => release !== undefined).length, 1);
  assert.deepEqual(await readdir(dir), ["a.lock"]);
});

test("takeLock() takes over what a dead process, a reused id or a torn file left behind", async (t) => {
  const path = join(await folder(t), "a.lock");
  const child = spawn(process.execPath, ["-e", ""]);
  await new Promise((resolve) => child.once("exit", resolve));
  const left = [
    JSON.stringify({ pid: child.pid, started: "1" }),
    JSON.stringify({ pid: process.pid, started: "another start" }),
    '{"pid":',
    "",
  ];
  for (const text of left) {
    await writeFile(path, text);
    assert.equal(await lockHolder(path), undefined, text);
    const release = await takeLock(path);
    assert.ok(release, text);
    await release();
  }
});
