import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
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

test("lockHolder() holds a process for dead that has ended and was not collected by its parent", async (t) => {
  if (!existsSync("/proc/self/stat")) return t.diagnostic("not run: this system has no /proc");
  const path = join(await folder(t), "a.lock");
  // The shell becomes a program that never collects the child it has started.
  const parent = spawn("sh", ["-c", "sleep 1 & echo $!; exec sleep 60"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => parent.kill());
  const [pid] = (await once(parent.stdout, "data")) as [Buffer];
  const stat = `/proc/${Number(pid)}/stat`;
  const fields = (await readFile(stat, "utf8")).split(") ")[1]?.split(" ") ?? [];
  await writeFile(path, JSON.stringify({ pid: Number(pid), started: fields[19] }));
  assert.equal(await lockHolder(path), Number(pid));
  while (!(await readFile(stat, "utf8")).includes(") Z ")) await setImmediate();
  assert.equal(await lockHolder(path), undefined);
});
