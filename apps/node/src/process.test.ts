import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { toHex } from "@anamnesis/crypto/verify";
import { toJson } from "@anamnesis/protocol";
import { bytesOf, keyOf } from "../../../tests/chainFixture.ts";
import { forwarded } from "../../../tests/forwarded.ts";
import { NodeFederation, authority, call, signedHeaders } from "../../../tests/nodeFixture.ts";

let federation: NodeFederation;
let file: string;
const children: ChildProcess[] = [];

before(async () => {
  federation = await NodeFederation.make();
  const config = federation.config(authority);
  const genesis: string[] = [];
  for (const chain of config.genesis) {
    const path = join(federation.dir, `${chain.chain}.json`);
    await writeFile(path, toJson(chain));
    genesis.push(path);
  }
  file = join(federation.dir, "node.json");
  await writeFile(file, JSON.stringify({ ...config, genesis }));
});
after(async () => {
  for (const child of children) child.kill("SIGKILL");
  await federation.remove();
});

/** `node src/main.ts node.json`. @returns the process, and the code with which it refused to start or `ready`. */
async function run(): Promise<{ child: ChildProcess; said: string }> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const child = spawn(process.execPath, [main, file], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  const [line] = (await Promise.race([once(child.stdout, "data"), once(child.stderr, "data")])) as [
    Buffer,
  ];
  const answer = JSON.parse(line.toString()) as { ready?: true; error?: { code: string } };
  return { child, said: answer.error?.code ?? "ready" };
}

async function killed({ child }: { child: ChildProcess }): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test("a node that cannot listen ends, and leaves its home to the next", async () => {
  const taken = createServer();
  const { port } = new URL(federation.address(authority));
  await new Promise<void>((resolve) => taken.listen(Number(port), "127.0.0.1", () => resolve()));
  const first = await run();
  assert.equal(first.said, "UNAVAILABLE");
  if (first.child.exitCode === null) await once(first.child, "exit");
  assert.equal(first.child.exitCode, 1);
  await assert.rejects(federation.start(authority));
  await new Promise((resolve) => taken.close(resolve));
  await federation.start(authority);
  await federation.stop(authority);
});

const openBox = (box: string): { url: string; init: RequestInit } => {
  const url = `${federation.address(authority)}/boxes/${box}`;
  const headers = signedHeaders(url, keyOf("owner"), { method: "PUT" });
  return { url, init: { method: "PUT", headers } };
};

test("a home is one node's; a node that is killed leaves it free, and what it was asked before is refused", async () => {
  const first = await run();
  assert.equal(first.said, "ready");
  const { url, init } = openBox(toHex(bytesOf("box")));
  assert.equal((await call(url, init as Parameters<typeof call>[1])).status, 200);

  const beside = await run();
  assert.equal(beside.said, "ALREADY_RUNNING");
  assert.equal((await call(`${federation.address(authority)}/health`)).status, 200);

  await killed(first);
  const second = await run();
  assert.equal(second.said, "ready");
  const { host } = new URL(url);
  assert.equal(await forwarded(url, host, init), "NONCE_REUSED");
  const fresh = openBox(toHex(bytesOf("box")));
  assert.equal(await forwarded(fresh.url, "elsewhere.example", fresh.init), "SIGNATURE_INVALID");
  assert.equal(await forwarded(fresh.url, host, fresh.init), "OK");
  await killed(second);
});
