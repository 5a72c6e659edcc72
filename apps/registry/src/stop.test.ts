import assert from "node:assert/strict";
import { readdir, readlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { bareKeyId } from "@anamnesis/protocol";
import {
  jsonBytes,
  post,
  signedHeaders,
  startFederation,
} from "@anamnesis/testing/registryFederation";
import { codeOf } from "@anamnesis/testing/requests";
import { startRegistry } from "./registry.ts";

test("a registry that is stopped answers nobody, tries nothing more and lets go of its files", async (t) => {
  const own = await startFederation({ retryEveryMs: 1_000_000_000 });
  t.after(() => own.node.stop());
  const body = jsonBytes({ fingerprint: "ab".repeat(32) });
  const { publicKey, secretKey } = own.registrar.keys;
  const request = { method: "POST", path: "/revocations", body };
  const headers = signedHeaders(own, request, bareKeyId(publicKey), secretKey);
  assert.equal(await codeOf(await post(own, "/revocations", body, headers)), "NOT_FOUND");
  await own.registry.stop();
  assert.equal(own.node.asked, 0, "its registrars wait for the next start");
  await assert.rejects(fetch(`${own.registry.address}/health`));
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  assert.deepEqual(
    links.filter((link) => link.startsWith(own.config.dataDirectory)),
    [],
  );
});

test("a registry stops once what it is sending has been answered", async (t) => {
  const own = await startFederation({ retryEveryMs: 1_000_000_000 });
  t.after(() => own.node.stop());
  await own.registry.stop();
  const waiting = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const node = createServer((request, response) => {
    request.resume();
    asked.resolve();
    void waiting.promise.then(() => response.writeHead(503).end());
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    node.closeAllConnections();
    node.close();
  });
  const address = `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
  const chains = own.trust.chains.map((genesis) => ({
    ...genesis,
    members: genesis.members.map((member) => ({ ...member, address })),
  }));
  const trust = { ...own.trust, chains };
  const registry = await startRegistry({ ...own.config, trust, retryEveryMs: 5 });
  await asked.promise;
  let isStopped = false;
  const stopping = registry.stop().then(() => (isStopped = true));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(isStopped, false);
  waiting.resolve();
  await stopping;
});
