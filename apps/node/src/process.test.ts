import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { toHex } from "@anamnesis/crypto/verify";
import { bytesOf, keyOf } from "@anamnesis/testing/keys";
import { forwarded } from "@anamnesis/testing/forwarded";
import { authority } from "@anamnesis/testing/federation";
import { NodeFederation } from "@anamnesis/testing/nodeFederation";
import { openingBox } from "@anamnesis/testing/boxes";
import { call } from "@anamnesis/testing/requests";
import { killNode, nodeConfigFile, startNodeProcess } from "@anamnesis/testing/nodeProcess";
import type { NodeProcess } from "@anamnesis/testing/nodeProcess";

let federation: NodeFederation;
let file: string;
const children: NodeProcess[] = [];

before(async () => {
  federation = await NodeFederation.make();
  file = await nodeConfigFile(federation, authority);
});
after(async () => {
  for (const child of children) await killNode(child);
  await federation.remove();
});

async function run(): Promise<NodeProcess> {
  const started = await startNodeProcess(file);
  children.push(started);
  return started;
}

test("a node that cannot listen ends, and leaves its data directory to the next", async () => {
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
  const { body, ...init } = openingBox(url, keyOf("owner"));
  return { url, init: { ...init, body: Buffer.from(body) } };
};

test("a data directory is one node's; a node that is killed leaves it free, and what it was asked before is refused", async () => {
  const first = await run();
  assert.equal(first.said, "ready");
  const { url, init } = openBox(toHex(bytesOf("box")));
  assert.equal((await call(url, init as Parameters<typeof call>[1])).status, 200);

  const beside = await run();
  assert.equal(beside.said, "ALREADY_RUNNING");
  assert.equal((await call(`${federation.address(authority)}/health`)).status, 200);

  await killNode(first);
  const second = await run();
  assert.equal(second.said, "ready");
  const { host } = new URL(url);
  assert.equal(await forwarded(url, host, init), "NONCE_REUSED");
  const fresh = openBox(toHex(bytesOf("box")));
  assert.equal(await forwarded(fresh.url, "elsewhere.example", fresh.init), "SIGNATURE_INVALID");
  assert.equal(await forwarded(fresh.url, host, fresh.init), "OK");
  await killNode(second);
});
