import assert from "node:assert/strict";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { brotliDecompressSync } from "node:zlib";
import type { TestContext } from "node:test";
import { createDevice, IDENTITY_FILE } from "@anamnesis/client";
import type { Genesis, Trust } from "@anamnesis/protocol";
import { deviceDir } from "@anamnesis/client/folder";
import { freePorts } from "./ports.ts";
import { startPortal } from "./portal.ts";
import { portalFiles } from "./portalFiles.ts";

const genesis = (chain: string, demo: boolean): Genesis =>
  ({ chain, demo, members: [{ address: "http://127.0.0.1:4001" }] }) as unknown as Genesis;

interface Served {
  readonly dir: string;
  readonly port: number;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

async function serve(t: TestContext, demo: readonly boolean[]): Promise<Served> {
  const dir = await mkdtemp(join(tmpdir(), "portal-"));
  await mkdir(join(dir, "devices"));
  await writeFile(join(dir, "trust.json"), '{"v":1}');
  const identity = {
    role: "patient",
    institution: "general-hospital",
    seed: new Uint8Array(32).fill(7),
  } as const;
  const device = (name: string): ReturnType<typeof deviceDir> =>
    deviceDir(join(dir, "devices", name));
  await createDevice(device("maria"), { ...identity, name: "maria" }, { demo: true });
  const registrar = { ...identity, role: "registrar", name: "registrar" } as const;
  await createDevice(device("registrar-general-hospital"), registrar, { demo: true });
  await createDevice(device("locked"), { ...identity, name: "locked" }, { passphrase: "secret" });
  const [port = 0] = await freePorts(1);
  const trust: Trust = { v: 1, chains: demo.map((each, at) => genesis(`chain-${at}`, each)) };
  const portal = await startPortal(dir, trust, port);
  t.after(async () => {
    await portal.stop();
    await rm(dir, { recursive: true, force: true });
  });
  return { dir, port, get: (path, headers = {}) => fetch(`${portal.url}${path}`, { headers }) };
}

test("startPortal() serves trust.json and the start page under a strict policy", async (t) => {
  const { get } = await serve(t, [false]);
  assert.deepEqual(await (await get("trust.json")).json(), { v: 1 });
  for (const path of ["", "records", "access/requests"]) {
    const page = await get(path);
    assert.match(page.headers.get("content-type") ?? "", /^text\/html/, path);
    const policy = page.headers.get("content-security-policy") ?? "";
    assert.match(policy, /default-src 'none'; script-src 'self' 'wasm-unsafe-eval';/);
    assert.match(policy, /connect-src 'self' http:\/\/127\.0\.0\.1:4001$/);
    assert.doesNotMatch(policy, /script-src[^;]*'unsafe-inline'/);
    assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  }
  for (const path of [
    "../trust.json",
    "..%2ffederation.json",
    "%2e%2e/package.json",
    "absent.js",
  ]) {
    assert.ok([404, 400].includes((await get(path)).status) || path.startsWith("../"), path);
  }
});

test("startPortal() answers only its own pages", async (t) => {
  const { get, port } = await serve(t, [true]);
  assert.equal((await get("trust.json", { origin: `http://127.0.0.1:${port}` })).status, 200);
  assert.equal((await get("trust.json", { origin: "https://elsewhere.example" })).status, 403);
  assert.equal((await get("trust.json", { origin: "null" })).status, 403);
  assert.equal(await statusFor(port, "rebound.example"), 403);
  assert.equal(await statusFor(port, `localhost:${port}`), 200);
});

const statusFor = (port: number, host: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path: "/trust.json", headers: { host } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    sent.on("error", reject).end();
  });

test("a demo person's device is one folder for browser and command line", async (t) => {
  const { get, dir, port } = await serve(t, [true, true]);
  const { people } = (await (await get("demo/people")).json()) as { people: unknown };
  const maria = { name: "maria", role: "patient", institution: "general-hospital", besides: [] };
  assert.deepEqual(people, [maria]);
  const identity = (await (await get("demo/people/maria")).json()) as { demo: boolean };
  assert.equal(identity.demo, true);

  const items = `http://127.0.0.1:${port}/demo/people/maria/items`;
  const octets = { "content-type": "application/octet-stream" };
  const put = (file: string, body: string): Promise<Response> =>
    fetch(`${items}/${file}`, { method: "PUT", body, headers: octets });
  assert.equal((await put("00aa-bb", "sealed")).status, 204);
  assert.equal(String(await deviceDir(join(dir, "devices", "maria")).read("00aa-bb")), "sealed");
  assert.deepEqual(await (await fetch(items)).json(), { files: ["00aa-bb", IDENTITY_FILE] });
  assert.equal(await (await fetch(`${items}/00aa-bb`)).text(), "sealed");
  assert.equal((await fetch(`${items}/00aa-bb`, { method: "DELETE" })).status, 204);
  assert.equal((await fetch(`${items}/00aa-bb`)).status, 404);

  assert.equal((await put(IDENTITY_FILE, "x")).status, 403);
  assert.equal((await fetch(`${items}/${IDENTITY_FILE}`, { method: "DELETE" })).status, 403);
  assert.equal((await put("..%2f..%2fx", "x")).status, 400);
});

test("attack 10: a registrar's demo device is handed out to nobody", async (t) => {
  const { get, port } = await serve(t, [true]);
  const device = "demo/people/registrar-general-hospital";
  for (const path of ["", "/items", `/items/${IDENTITY_FILE}`, "/items/00aa-bb"])
    assert.equal((await get(device + path)).status, 403, path);
  for (const method of ["PUT", "DELETE"]) {
    const body = method === "PUT" ? "sealed" : null;
    const headers = { "content-type": "application/octet-stream" };
    const address = `http://127.0.0.1:${port}/${device}/items/00aa-bb`;
    assert.equal((await fetch(address, { method, body, headers })).status, 403, method);
  }
});

test("devices under a passphrase, and federations that are not all demo, hand out nothing", async (t) => {
  const demo = await serve(t, [true]);
  assert.equal((await demo.get("demo/people/locked")).status, 403);
  assert.equal((await demo.get(`demo/people/locked/items/${IDENTITY_FILE}`)).status, 403);
  assert.equal((await demo.get("demo/people/nobody")).status, 404);
  const mixed = await serve(t, [true, false]);
  for (const path of ["demo/people", "demo/people/maria", "demo/people/maria/items"]) {
    assert.equal((await mixed.get(path)).status, 404, path);
  }
});

test("portalFiles() compresses what gets smaller, in the encoding that is taken", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "portal-files-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "assets"));
  const script = "export const words = 1;\n".repeat(500);
  await writeFile(join(folder, "assets", "index-1.js"), script);
  await writeFile(join(folder, "assets", "dot-1.png"), Buffer.alloc(4_000));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  const fileAt = await portalFiles(folder);
  const br = await fileAt("/assets/index-1.js", "br");
  assert.equal(br?.encoding, "br");
  assert.equal(String(brotliDecompressSync(br.bytes)), script);
  assert.equal((await fileAt("/assets/index-1.js", "br"))?.bytes, br.bytes, "once");
  assert.equal((await fileAt("/assets/index-1.js"))?.encoding, undefined);
  assert.equal((await fileAt("/assets/dot-1.png", "br"))?.encoding, undefined);
  assert.equal((await fileAt("/records", "gzip"))?.encoding, undefined, "too small");
});
