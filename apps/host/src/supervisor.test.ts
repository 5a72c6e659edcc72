import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { spawnChild } from "./childProcess.ts";
import type { Child } from "./childProcess.ts";
import { makeTrust } from "@anamnesis/testing/federation";
import { freePorts, isFree } from "./ports.ts";
import { supervise } from "./supervisor.ts";

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "host-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const isWell = async (port: number): Promise<boolean> => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
};

async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  for (let waitedMs = 0; !(await holds()); waitedMs += 50) {
    assert.ok(waitedMs < 10_000, what);
    await sleep(50);
  }
}

test("supervise() starts a child again when it dies, says so, and ends it when told", async (t) => {
  const dir = await folder(t);
  const [port = 0] = await freePorts(1);
  const said: string[] = [];
  const first = spawnChild("vault", dir);
  const start = (child: Child): Promise<void> =>
    child.start("vault", "startVault", {
      id: "vault",
      dataDirectory: join(dir, "data"),
      trust: makeTrust(),
      port,
      logLevel: "silent",
    });
  let changes = 0;
  await start(first);
  const supervised = supervise("vault", {
    logs: dir,
    first,
    start,
    say: (text) => said.push(text),
    changed: async () => {
      await sleep(20);
      changes += 1;
    },
  });
  t.after(() => supervised.stop());
  assert.ok(await isWell(port));

  process.kill(supervised.process().pid, "SIGKILL");
  await until(() => said.includes("vault runs again"), "the child was not started again");
  assert.match(
    said[0] ?? "",
    /^vault ended unexpectedly \(SIGKILL\); starting it again in 0\.5 s$/,
  );
  assert.equal(changes, 1);
  assert.notEqual(supervised.process().pid, first.pid);
  assert.ok(await isWell(port));

  await supervised.stop();
  assert.ok(await isFree(port));
  assert.equal(said.length, 2);
});

test("a child answers what it was asked, or why it could not", async (t) => {
  const dir = await folder(t);
  const host = spawnChild("vault", dir);
  await assert.rejects(host.call("vault", "noSuchThing"), {
    code: "INTERNAL",
    message: /exports no function/,
  });
  await assert.rejects(
    host.call("registry", "initDataDirectory", dir, { keyFile: join(dir, "key") }),
    {
      code: "BAD_REQUEST",
    },
  );
  process.kill(host.pid, "SIGSTOP");
  const waiting = assert.rejects(host.call("vault", "startVault", dir), {
    code: "UNAVAILABLE",
    message: "vault ended (SIGKILL)",
  });
  process.kill(host.pid, "SIGKILL");
  await waiting;
  await assert.rejects(host.call("vault", "startVault", dir), { code: "UNAVAILABLE" });
  assert.equal(await readFile(join(dir, "vault.log"), "utf8"), "");
});

test("freePorts() gives ports that nothing listens on, each once", async () => {
  const ports = await freePorts(13);
  assert.equal(new Set(ports).size, 13);
  for (const port of ports) assert.ok(await isFree(port));
});
