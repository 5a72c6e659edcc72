/** A vault in a process of its own: killed in the middle of an upload, and after its objects' time. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { trustJson } from "@anamnesis/protocol";
import type { Ticket } from "@anamnesis/protocol";
import { makeTrust } from "@anamnesis/testing/federation";
import { showing, ticketFor } from "@anamnesis/testing/tickets";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";

const children: ChildProcess[] = [];
after(() => children.forEach((child) => child.kill("SIGKILL")));

test("kill -9 during an upload loses no acknowledged object and leaves nothing of the other", async () => {
  const folder = await temporaryFolder("vault-crash-");
  const dataDirectory = join(folder, "data");
  const trust = join(folder, "trust.json");
  await writeFile(trust, trustJson(makeTrust()));
  const config = join(folder, "vault.json");
  await writeFile(
    config,
    JSON.stringify({ id: "vault", dataDirectory, trust, logLevel: "silent" }),
  );

  const first = await run(config);
  const [kept, lost] = [randomBytes(32), randomBytes(32)];
  const content = randomBytes(100_000);
  const stored = await fetch(url(first.address, kept), {
    method: "PUT",
    headers: ticket("put", kept),
    body: Buffer.from(content),
  });
  assert.equal(stored.status, 200);
  const upload = request(url(first.address, lost), {
    method: "PUT",
    headers: { ...ticket("put", lost), "content-length": 10_000_000 },
  });
  upload.on("error", () => undefined);
  upload.write(randomBytes(2_000_000));
  await until(async () => (await readdir(join(dataDirectory, "uploads"))).length === 1);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

  const second = await run(config);
  const read = await fetch(url(second.address, kept), { headers: ticket("get", kept) });
  assert.deepEqual(new Uint8Array(await read.arrayBuffer()), content);
  const absent = await fetch(url(second.address, lost), { headers: ticket("get", lost) });
  assert.equal(absent.status, 404);
  assert.deepEqual(await readdir(join(dataDirectory, "uploads")), []);
  const again = await fetch(url(second.address, lost), {
    method: "PUT",
    headers: ticket("put", lost),
    body: "again",
  });
  assert.equal(again.status, 200);
  second.child.kill("SIGTERM");
  const [code] = (await once(second.child, "exit")) as [number | null];
  assert.equal(code, 0);
});

test("V-12: a vault forgets what nobody had kept in time, and after kill -9 still knows what was kept", async () => {
  const folder = await temporaryFolder("vault-sweep-");
  const [trust, config] = [join(folder, "trust.json"), join(folder, "vault.json")];
  await writeFile(trust, trustJson(makeTrust()));
  const dataDirectory = join(folder, "data");
  const unkeptMs = 1_000;
  await writeFile(
    config,
    JSON.stringify({ id: "vault", dataDirectory, trust, logLevel: "silent", unkeptMs }),
  );
  const first = await run(config);
  const [kept, left] = [randomBytes(32), randomBytes(32)];
  for (const object of [kept, left]) {
    const put = { method: "PUT", headers: ticket("put", object), body: "sealed" };
    assert.equal((await fetch(url(first.address, object), put)).status, 200);
  }
  const keep = { method: "POST", headers: ticket("get", kept) };
  assert.equal((await fetch(`${url(first.address, kept)}/keep`, keep)).status, 200);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

  const { address } = await run(config);
  const scrub = async (): Promise<{ swept: number }> =>
    (await (await fetch(`${address}/scrub`, { method: "POST" })).json()) as { swept: number };
  let swept = 0;
  await until(async () => (swept += (await scrub()).swept) > 0);
  assert.equal(swept, 1);
  assert.equal((await fetch(url(address, kept), { headers: ticket("get", kept) })).status, 200);
  assert.equal((await fetch(url(address, left), { headers: ticket("get", left) })).status, 404);
});

async function run(config: string): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "main.ts"), config], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`The vault ended with ${String(code)} before it was ready`);
  });
  const [line] = (await Promise.race([once(child.stdout!, "data"), ended])) as [Buffer];
  ended.catch(() => undefined);
  return { child, address: (JSON.parse(line.toString()) as { address: string }).address };
}

const ticket = (action: Ticket["action"], object: Uint8Array): Record<string, string> =>
  showing(ticketFor(action, object));

const url = (address: string, object: Uint8Array): string => `${address}/objects/${toHex(object)}`;

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let left = 200; !(await done()); left -= 1) {
    assert.ok(left > 0, "waited 4 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
