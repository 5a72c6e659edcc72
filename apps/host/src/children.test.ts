import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeTrust } from "@anamnesis/testing/federation";
import { startChildren } from "./children.ts";
import type { Service } from "./childPlan.ts";
import { spawnChild } from "./childProcess.ts";
import { freePorts, isFree } from "./ports.ts";

test("startChildren() leaves nothing running that it would start again when one of them fails", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "children-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const [port = 0] = await freePorts(1);
  const vault = (config: object): Service[] => [
    {
      app: "vault",
      start: "startVault",
      config: { id: "vault", trust: makeTrust(), logLevel: "silent", ...config },
    },
  ];
  const processes = new Map([
    ["good", spawnChild("good", dir)],
    ["bad", spawnChild("bad", dir)],
  ]);
  const plan = new Map([
    ["good", vault({ dataDirectory: join(dir, "a"), port })],
    ["bad", vault({ dataDirectory: join(dir, "\0"), port: 0 })],
  ]);
  const warned: string[] = [];
  const started = startChildren(processes, plan, {
    logs: dir,
    warn: (text) => warned.push(text),
    changed: () => Promise.resolve(),
  });
  await assert.rejects(started, /^AnamnesisError: bad: /);
  await Promise.all([...processes.values()].map((host) => host.stop()));
  assert.ok(await isFree(port));
  assert.deepEqual(warned, []);
});
