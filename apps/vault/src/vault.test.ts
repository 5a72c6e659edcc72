import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { randomBytes, sha256, toBase64url, toHex } from "@anamnesis/crypto/verify";
import type { ChainId, Ticket } from "@anamnesis/protocol";
import { hospital, makeTrust, otherHospital } from "@anamnesis/testing/federation";
import { showing, ticketFor } from "@anamnesis/testing/tickets";
import type { TicketParts } from "@anamnesis/testing/tickets";
import { startVault } from "./vault.ts";
import type { VaultConfig } from "./vault.ts";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";

const trust = makeTrust();

async function start(t: TestContext, config: Partial<VaultConfig> = {}) {
  const dataDirectory = await temporaryFolder("vault-");
  const vault = await startVault({
    id: "vault",
    dataDirectory,
    trust,
    logLevel: "silent",
    ...config,
  });
  t.after(() => vault.stop());
  return { ...vault, dataDirectory };
}

const ticket = (action: Ticket["action"], object: Uint8Array): Record<string, string> =>
  showing(ticketFor(action, object));

const url = (address: string, object: Uint8Array): string => `${address}/objects/${toHex(object)}`;

async function put(
  address: string,
  object: Uint8Array,
  content: Uint8Array,
  headers = ticket("put", object),
) {
  return fetch(url(address, object), { method: "PUT", headers, body: Buffer.from(content) });
}

async function codeOf(answer: Response): Promise<string> {
  return ((await answer.json()) as { error: { code: string } }).error.code;
}

test("PUT then GET and HEAD give back the object with its digest", async (t) => {
  const { address, dataDirectory } = await start(t);
  const object = randomBytes(32);
  const content = randomBytes(2_500_000);
  const stored = await put(address, object, content);
  assert.equal(stored.status, 200);
  assert.deepEqual(await stored.json(), {
    sha256: toBase64url(sha256(content)),
    bytes: content.length,
  });
  assert.equal((await readdir(join(dataDirectory, "objects"))).length, 1);

  const got = await fetch(url(address, object), { headers: ticket("get", object) });
  assert.equal(got.status, 200);
  assert.equal(got.headers.get("cache-control"), "no-store");
  assert.deepEqual(new Uint8Array(await got.arrayBuffer()), content);
  const head = await fetch(url(address, object), {
    method: "HEAD",
    headers: ticket("get", object),
  });
  assert.equal(head.headers.get("content-length"), String(content.length));
  assert.equal(
    head.headers.get("repr-digest"),
    `sha-256=:${Buffer.from(sha256(content)).toString("base64")}:`,
  );
});

test("PUT refuses a second object of one id", async (t) => {
  const { address } = await start(t);
  const object = randomBytes(32);
  assert.equal((await put(address, object, randomBytes(10))).status, 200);
  const second = await put(address, object, randomBytes(10));
  assert.equal(second.status, 409);
  assert.equal(await codeOf(second), "OBJECT_EXISTS");
});

test("GET of what is not there answers NOT_FOUND; an id in another form BAD_REQUEST", async (t) => {
  const { address } = await start(t);
  const object = randomBytes(32);
  const absent = await fetch(url(address, object), { headers: ticket("get", object) });
  assert.equal(absent.status, 404);
  assert.equal(await codeOf(absent), "NOT_FOUND");
  const malformed = await fetch(`${address}/objects/..%2F..%2Fetc`, {
    headers: ticket("get", object),
  });
  assert.equal(malformed.status, 400);
  assert.equal(await codeOf(malformed), "BAD_REQUEST");
});

test("an upload that breaks off leaves nothing, and its id stays free", async (t) => {
  const { address, dataDirectory } = await start(t);
  const object = randomBytes(32);
  const growing = async (): Promise<number> =>
    (await readdir(join(dataDirectory, "uploads"))).length;
  const upload = request(url(address, object), {
    method: "PUT",
    headers: { ...ticket("put", object), "content-length": 1_000_000 },
  });
  upload.on("error", () => undefined);
  upload.write(randomBytes(300_000));
  await until(async () => (await growing()) === 1);
  upload.destroy(new Error("gone"));
  await until(async () => (await growing()) === 0);
  assert.deepEqual(await readdir(join(dataDirectory, "objects")), []);
  // Its id is given back a moment after its file.
  await until(async () => (await put(address, object, randomBytes(10))).status === 200);
});

test("a full vault answers STORAGE_FULL with nothing half-written, and goes on reading", async (t) => {
  const { address, dataDirectory } = await start(t, { quotaBytes: 100_000 });
  const [small, big] = [randomBytes(32), randomBytes(32)];
  assert.equal((await put(address, small, randomBytes(60_000))).status, 200);
  const full = await put(address, big, randomBytes(60_000));
  assert.equal(full.status, 507);
  assert.equal(await codeOf(full), "STORAGE_FULL");
  assert.deepEqual(await readdir(join(dataDirectory, "uploads")), []);
  assert.deepEqual(await readdir(join(dataDirectory, "objects")), [toHex(small).slice(0, 2)]);
  assert.equal((await fetch(url(address, small), { headers: ticket("get", small) })).status, 200);
});

test("V-13: another institution's share of a vault is bounded, its own room is not", async (t) => {
  const trust = makeTrust({ care: [hospital, otherHospital] });
  const { address } = await start(t, { guestBytesMax: 100_000, trust });
  const guests = { chain: otherHospital as string as ChainId, institution: otherHospital };
  const putAs = (object: Uint8Array, parts: TicketParts): Promise<Response> =>
    put(address, object, randomBytes(60_000), showing(ticketFor("put", object, parts)));
  assert.equal((await putAs(randomBytes(32), guests)).status, 200);
  const full = await putAs(randomBytes(32), guests);
  assert.equal(full.status, 507);
  assert.equal(await codeOf(full), "STORAGE_FULL");
  for (let i = 0; i < 3; i += 1) assert.equal((await putAs(randomBytes(32), {})).status, 200);
});

test("objects above the limit are refused, announced or not", async (t) => {
  const { address } = await start(t, { objectBytesMax: 1_000 });
  const object = randomBytes(32);
  const announced = await put(address, object, randomBytes(1_001));
  assert.equal(announced.status, 413);
  assert.equal(await codeOf(announced), "TOO_LARGE");
  const chunked = await fetch(url(address, object), {
    method: "PUT",
    headers: ticket("put", object),
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(randomBytes(1_001));
        controller.close();
      },
    }),
    duplex: "half",
  });
  assert.equal(await codeOf(chunked), "TOO_LARGE");
});

test("compressed bodies are refused", async (t) => {
  const { address } = await start(t);
  const object = randomBytes(32);
  const answer = await put(address, object, randomBytes(10), {
    ...ticket("put", object),
    "content-encoding": "gzip",
  });
  assert.equal(answer.status, 400);
  assert.equal(await codeOf(answer), "BAD_REQUEST");
});

test("POST /scrub answers its counts, but not to a page in a browser or through a reverse proxy", async (t) => {
  const { address } = await start(t);
  const object = randomBytes(32);
  await put(address, object, randomBytes(10));
  const answer = await fetch(`${address}/scrub`, { method: "POST" });
  assert.deepEqual(await answer.json(), {
    objects: 1,
    repaired: 0,
    lost: 0,
    differing: 0,
    alone: 0,
    swept: 0,
  });
  for (const name of ["origin", "forwarded", "x-forwarded-for", "via"]) {
    const page = await fetch(`${address}/scrub`, {
      method: "POST",
      headers: { [name]: "http://example.org" },
    });
    assert.equal(await codeOf(page), "FORBIDDEN", name);
  }
});

test("H-52: a data directory is one vault's; another that starts on it clears nothing away", async (t) => {
  const { dataDirectory, stop } = await start(t);
  const upload = join(dataDirectory, "uploads", "growing");
  await writeFile(upload, "half");
  const config = { id: "vault", trust, logLevel: "silent", dataDirectory };
  await assert.rejects(startVault(config), { code: "ALREADY_RUNNING" });
  assert.equal(await readFile(upload, "utf8"), "half");
  await stop();
  const next = await startVault(config);
  t.after(() => next.stop());
  await assert.rejects(readFile(upload));
});

test("/health and /openapi.json answer, other addresses do not; pages of named origins may call", async (t) => {
  const origin = "http://127.0.0.1:5000";
  const { address } = await start(t, { corsOrigins: [origin] });
  assert.deepEqual(await (await fetch(`${address}/health`)).json(), { status: "ok" });
  const described = (await (await fetch(`${address}/openapi.json`)).json()) as {
    openapi: string;
    paths: object;
  };
  assert.equal(described.openapi, "3.1.0");
  assert.ok("/objects/{id}" in described.paths);
  assert.equal(await codeOf(await fetch(`${address}/nothing`)), "NOT_FOUND");
  const preflight = await fetch(url(address, randomBytes(32)), {
    method: "OPTIONS",
    headers: { origin },
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-origin"), origin);
  const other = await fetch(`${address}/health`, { headers: { origin: "http://example.org" } });
  assert.equal(other.headers.get("access-control-allow-origin"), null);
});

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await done()); left -= 1) {
    assert.ok(left > 0, "waited 4 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
