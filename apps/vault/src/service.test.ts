/** How a vault starts, ends and looks after itself, and what it answers where its disk does not work. */
import assert from "node:assert/strict";
import { mkdir, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { randomBytes, streamOf, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, vaultRoutes } from "@anamnesis/protocol";
import type { ByteStream, ChainId, Ticket } from "@anamnesis/protocol";
import { authority, hospital, makeTrust, otherHospital } from "@anamnesis/testing/federation";
import { codeOf } from "@anamnesis/testing/requests";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { showing, ticketFor } from "@anamnesis/testing/tickets";
import type { TicketParts } from "@anamnesis/testing/tickets";
import type { PeerObject } from "./peers.ts";
import { routes } from "./routes.ts";
import type { VaultDeps } from "./routes.ts";
import { parseObjectId } from "./store.ts";
import { checkTicket } from "./tickets.ts";
import { startVault } from "./vault.ts";
import type { VaultConfig } from "./vault.ts";

const trust = makeTrust({ care: [hospital, otherHospital] });

async function start(t: TestContext, config: Partial<VaultConfig> = {}) {
  const dataDirectory = join(await temporaryFolder("vault-service-"), "of", "a", "vault");
  const common = {
    id: "vault",
    dataDirectory,
    trust,
    logLevel: "silent",
    scrubEveryMs: 0,
  } as const;
  const vault = await startVault({ ...common, ...config });
  t.after(() => vault.stop());
  const url = (object: Uint8Array): string => `${vault.address}/objects/${toHex(object)}`;
  const send = (method: string, object: Uint8Array, parts: TicketParts = {}, body?: Uint8Array) => {
    const action = method === "PUT" ? "put" : "get";
    const headers = showing(ticketFor(action, object, parts));
    const sent = body === undefined ? {} : { body: Buffer.from(body) };
    return fetch(url(object), { method, headers, ...sent });
  };
  const put = async (bytes: number, parts: TicketParts = {}): Promise<Uint8Array> => {
    const object = randomBytes(32);
    const answer = await send("PUT", object, parts, randomBytes(bytes));
    assert.equal(await codeOf(answer), "OK");
    return object;
  };
  const pathOf = (object: Uint8Array): string =>
    join(dataDirectory, "objects", toHex(object).slice(0, 2), toHex(object));
  return { ...vault, dataDirectory, url, send, put, pathOf };
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let left = 200; !(await done()); left -= 1) {
    assert.ok(left > 0, "waited 4 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const away = (): Promise<never> => Promise.reject(new AnamnesisError("UNAVAILABLE", "Away"));

/** Other vaults that count how often they are asked, and give what `content` gives. */
function counted(content: PeerObject["content"]) {
  const asked = { times: 0 };
  const of = (): PeerObject[] => {
    asked.times += 1;
    return [{ institution: otherHospital, keep: away, content }];
  };
  return { asked, peers: { of } };
}

test("startVault() makes a directory that is nobody else's to read", async (t) => {
  const { dataDirectory } = await start(t);
  assert.equal((await stat(dataDirectory)).mode & 0o777, 0o700);
});

test("a vault scrubs by itself as often as it is told, and not once it has stopped", async (t) => {
  const { asked, peers } = counted(away);
  const { put, send, stop } = await start(t, { scrubEveryMs: 20, peers });
  const object = await put(10);
  assert.equal((await send("GET", object)).status, 200); // Read, and so kept: a scrub compares it.
  await until(() => asked.times > 1);
  await stop();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { times } = asked;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(asked.times, times);
});

test("a vault that is stopped ends its repairs first", async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const content = randomBytes(10);
  const { asked, peers } = counted(async () => {
    await promise;
    return { bytes: 10, content: streamOf([content]) };
  });
  const { put, send, stop, pathOf } = await start(t, { peers });
  const object = await put(10);
  await writeFile(pathOf(object), "damaged");
  assert.equal(await codeOf(await send("GET", object)), "OBJECT_CORRUPT");
  await until(() => asked.times === 1);
  let isStopped = false;
  const stopping = stop().then(() => (isStopped = true));
  await new Promise((next) => setTimeout(next, 100));
  assert.equal(isStopped, false);
  resolve();
  await stopping;
});

test("GET has a damaged object repaired; where the disk does not work it asks no other vault", async (t) => {
  const { asked, peers } = counted(away);
  const { put, send, pathOf } = await start(t, { peers });
  const [damaged, unreadable] = [await put(10), await put(10)];
  await rm(dirname(pathOf(unreadable)), { recursive: true });
  await writeFile(dirname(pathOf(unreadable)), "no folder");
  assert.equal(await codeOf(await send("GET", unreadable)), "UNAVAILABLE");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(asked.times, 0);
  await rm(dirname(pathOf(unreadable)));
  await mkdir(dirname(pathOf(unreadable)));
  await writeFile(pathOf(damaged), "damaged");
  assert.equal(await codeOf(await send("GET", damaged)), "OBJECT_CORRUPT");
  await until(() => asked.times === 1);
});

test("no object stays open that was looked at, or asked for under another chain", async (t) => {
  const { put, send, dataDirectory } = await start(t);
  const object = await put(10);
  assert.equal((await send("HEAD", object)).status, 200);
  const elsewhere = { chain: otherHospital as string as ChainId, institution: authority };
  assert.equal(await codeOf(await send("GET", object, elsewhere)), "TICKET_FOR_ANOTHER_CHAIN");
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  const opened = links.filter((link) => link.startsWith(join(dataDirectory, "objects")));
  assert.deepEqual(opened, []);
});

test("no object stays open whose reader is gone before its first byte", async () => {
  const object = randomBytes(32);
  let closed = 0;
  const found = {
    chain: hospital,
    bytes: 1,
    sha256: randomBytes(32),
    content: () => assert.fail("read"),
    close: async () => void (closed += 1),
  };
  const handled = routes({
    vault: "vault",
    chains: new Map(trust.chains.map((genesis) => [genesis.chain, genesis])),
    now: Date.now,
    objects: { open: async () => found, keep: async () => true },
  } as unknown as VaultDeps);
  const { answer } = handled.find(({ route }) => route === vaultRoutes.getObject)!;
  const params = { id: toHex(object) };
  const incoming = { params, caller: ticketFor("get", object) } as unknown as Parameters<
    typeof answer
  >[0];
  const { content } = (await answer(incoming)) as ByteStream;
  await content.cancel();
  assert.equal(closed, 1);
});

test("an object may be as large as the limit; one that is announced larger is refused unread", async (t) => {
  const { put, send, url } = await start(t, { objectBytesMax: 1_000 });
  await put(1_000);
  const chunked = randomBytes(32);
  const answer = await fetch(url(chunked), {
    method: "PUT",
    headers: showing(ticketFor("put", chunked)),
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(randomBytes(1_000));
        controller.close();
      },
    }),
    duplex: "half",
  });
  assert.equal(answer.status, 200);
  assert.equal((await send("GET", chunked)).headers.get("content-length"), "1000");
  const object = randomBytes(32);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const headers = { ...showing(ticketFor("put", object)), "content-length": 1_001 };
    const upload = request(url(object), { method: "PUT", headers }, (refused) => {
      resolve(refused.statusCode);
      upload.destroy();
    });
    upload.on("error", reject);
    upload.flushHeaders();
  });
  assert.equal(status, 413);
});

test("V-13: a vault's own institution is the one that genesis names for it", async (t) => {
  const config = { id: "other-vault", guestBytesMax: 50 };
  const { put, send } = await start(t, config);
  const own = { vault: "other-vault", chain: otherHospital as string as ChainId };
  await put(51, { ...own, institution: otherHospital });
  const guest = await send("PUT", randomBytes(32), { vault: "other-vault" }, randomBytes(51));
  assert.equal(await codeOf(guest), "STORAGE_FULL");
});

test("V-2: a ticket lives to the millisecond that it says, and ten minutes and a skew at most", () => {
  const object = randomBytes(32);
  const now = 1_700_000_000_000;
  const chains = new Map(trust.chains.map((genesis) => [genesis.chain, genesis]));
  const check = (notAfter: number): void => {
    const ticket: Ticket = ticketFor("get", object, { notAfter });
    const wanted = { action: "get", object: toHex(object) } as const;
    checkTicket(ticket, wanted, { vault: "vault", chains, now: () => now });
  };
  const longest = now + limits.ticketMs + limits.requestSkewMs;
  for (const notAfter of [now, longest]) check(notAfter);
  for (const notAfter of [now - 1, longest + 1])
    assert.throws(() => check(notAfter), { code: "TICKET_INVALID" });
});

test("parseObjectId() takes 64 lower-case hex digits and nothing else: ids name files", () => {
  const id = "0123456789abcdef".repeat(4);
  assert.equal(parseObjectId(id), id);
  for (const other of ["", id.slice(1), `${id}0`, id.toUpperCase(), `${id}\n`, `../${id.slice(3)}`])
    assert.throws(() => parseObjectId(other), { code: "BAD_REQUEST" });
});
