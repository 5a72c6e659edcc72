/** Vaults of two institutions, each the second home of the other's objects; tickets come from a node. */
import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { fromBase64url, randomBytes, sha256, streamOf, toHex } from "@anamnesis/crypto/verify";
import { ticketDocument } from "@anamnesis/protocol";
import type { ChainId, Trust } from "@anamnesis/protocol";
import { authority, hospital, makeTrust } from "@anamnesis/testing/federation";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { showing, ticketFor } from "@anamnesis/testing/tickets";
import { newId, putWhole } from "@anamnesis/testing/storeCompliance";
import { Disk } from "./disk.ts";
import { Repairs } from "./repairs.ts";
import { parseObjectId } from "./store.ts";
import { startVault } from "./vault.ts";
import type { Vault } from "./vault.ts";

const chain = hospital as string as ChainId;

interface Home {
  readonly id: string;
  readonly dataDirectory: string;
  vault: Vault;
}

/** A node of the authority that signs every ticket to get, and the vaults, which know it and each other. */
async function homes(t: TestContext, clock = { now: Date.now() }): Promise<[Home, Home]> {
  const node = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const wish = JSON.parse(body) as { vault: string; action: "get"; object: string };
      const object = fromBase64url(wish.object);
      const ticket = ticketFor(wish.action, object, {
        vault: wish.vault,
        institution: authority,
        notAfter: clock.now + 60_000,
      });
      response.setHeader("content-type", "application/cbor");
      response.end(ticketDocument.encode(ticket));
    });
  });
  await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
  t.after(() => node.close());
  const { port } = node.address() as AddressInfo;

  const ids = ["vault", "other-vault"] as const;
  const ports = new Map<string, number>();
  const trustOf = (): Trust => {
    const { chains } = makeTrust({
      member: (id) => (id === authority ? { address: `http://127.0.0.1:${port}` } : undefined),
      vault: (id) => ({ address: `http://127.0.0.1:${ports.get(id) ?? 1}` }),
    });
    const [{ consortium, ...genesis }, ...care] = chains;
    const vaults = consortium!.vaults.filter(({ id }) => id === ids[0] || id === ids[1]);
    return { v: 1, chains: [{ ...genesis, consortium: { ...consortium!, vaults } }, ...care] };
  };
  const start = (id: string, dataDirectory: string, at = 0): Promise<Vault> =>
    startVault({
      id,
      trust: trustOf(),
      dataDirectory,
      port: at,
      logLevel: "silent",
      scrubEveryMs: 0,
      now: () => clock.now,
    });
  const made: Home[] = [];
  for (const id of ids) {
    const dataDirectory = await temporaryFolder("vault-repairs-");
    const vault = await start(id, dataDirectory);
    ports.set(id, Number(new URL(vault.address).port));
    made.push({ id, dataDirectory, vault });
  }
  // Each knows the other's address only once both have one.
  for (const home of made) {
    await home.vault.stop();
    home.vault = await start(home.id, home.dataDirectory, ports.get(home.id));
    t.after(() => home.vault.stop());
  }
  return made as [Home, Home];
}

const url = ({ vault }: Home, object: Uint8Array, then = ""): string =>
  `${vault.address}/objects/${toHex(object)}${then}`;

async function call(
  home: Home,
  object: Uint8Array,
  method: "GET" | "PUT" | "POST",
  body?: Uint8Array,
): Promise<Response> {
  const action = method === "PUT" ? "put" : "get";
  return fetch(url(home, object, method === "POST" ? "/keep" : ""), {
    method,
    headers: showing(ticketFor(action, object, { vault: home.id })),
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  });
}

async function putKept(content: Uint8Array, ...at: readonly Home[]): Promise<Uint8Array> {
  const object = randomBytes(32);
  for (const home of at) {
    assert.equal((await call(home, object, "PUT", content)).status, 200);
    assert.equal((await call(home, object, "POST")).status, 200);
  }
  return object;
}

const pathOf = ({ dataDirectory }: Home, object: Uint8Array): string =>
  join(dataDirectory, "objects", toHex(object).slice(0, 2), toHex(object));

const clean = { repaired: 0, lost: 0, differing: 0, alone: 0, swept: 0 };

test("V-7: a damaged object is not given, is fetched from the second home, and given again", async (t) => {
  const [home, other] = await homes(t);
  const content = randomBytes(3_000_000);
  for (const damage of [
    (path: string) => writeFile(path, Buffer.from(content).fill(0, 100, 101)),
    (path: string) => writeFile(path, content.subarray(0, 999)),
    (path: string) => rm(`${path}.sum`),
    (path: string) => writeFile(`${path}.sum`, "{"),
  ]) {
    const object = await putKept(content, home, other);
    await damage(pathOf(home, object));
    const refused = await call(home, object, "GET");
    assert.equal(refused.status, 502);
    assert.match(await refused.text(), /OBJECT_CORRUPT/);
    for (let left = 200; (await call(home, object, "GET")).status !== 200; left -= 1) {
      assert.ok(left > 0, "it was not repaired");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(new Uint8Array(await readFile(pathOf(home, object))), content);
  }
});

test("V-8: a scrub repairs, counts what is lost, differs or lies nowhere else", async (t) => {
  const [home, other] = await homes(t);
  const content = randomBytes(100_000);
  const spoil = (at: Home, object: Uint8Array): Promise<void> =>
    writeFile(pathOf(at, object), Buffer.from(content).fill(1, 5, 9));
  await putKept(content, home, other);
  const rotten = await putKept(content, home, other);
  await spoil(home, rotten);
  const lost = await putKept(content, home, other);
  for (const at of [home, other]) await spoil(at, lost);
  await putKept(content, home);
  const object = randomBytes(32);
  for (const [at, bytes] of [
    [home, content],
    [other, randomBytes(50)],
  ] as const) {
    await call(at, object, "PUT", bytes);
    await call(at, object, "POST");
  }
  const found = { ...clean, objects: 5, lost: 1, differing: 1, alone: 1 };
  assert.deepEqual(await home.vault.scrub(), { ...found, repaired: 1 });
  assert.deepEqual(await home.vault.scrub(), found);
  assert.deepEqual(new Uint8Array(await readFile(pathOf(home, rotten))), content);
});

test("V-8: what another vault holds under the id does not replace what is known of it", async (t) => {
  const [home, other] = await homes(t);
  const object = randomBytes(32);
  const content = randomBytes(1_000);
  await call(home, object, "PUT", content);
  await call(other, object, "PUT", randomBytes(1_000));
  const damaged = Buffer.from(content).fill(0, 0, 4);
  await writeFile(pathOf(home, object), damaged);
  assert.equal((await home.vault.scrub()).lost, 1);
  assert.deepEqual(await readFile(pathOf(home, object)), damaged);
});

test("V-16: a vault that sends other bytes than it says, or says others than are known, repairs nothing", async () => {
  const root = await temporaryFolder("vault-lies-");
  const disk = await Disk.at(root);
  const id = newId();
  const content = randomBytes(1_000);
  await putWhole(disk, id, content);
  const path = join(root, "objects", id.slice(0, 2), id);
  const damaged = Buffer.from(content).fill(0, 0, 4);
  await writeFile(path, damaged);
  const other = randomBytes(1_000);
  const giving = (sent: Uint8Array, said: Uint8Array | undefined): Repairs =>
    new Repairs(
      disk,
      {
        of: () => [
          {
            institution: hospital,
            keep: () => Promise.resolve(said),
            content: () =>
              Promise.resolve({ bytes: sent.length, sha256: said, content: streamOf([sent]) }),
          },
        ],
      },
      [chain],
    );
  for (const [sent, said] of [
    [other, sha256(other)],
    [other, sha256(content)],
    [other, undefined],
    [content, sha256(other)],
  ] as const) {
    assert.equal(await giving(sent, said).repair(id), false);
    assert.deepEqual(await readFile(path), damaged);
  }
  assert.equal(await giving(content, undefined).repair(id), true);
  assert.deepEqual(new Uint8Array(await readFile(path)), content);
});

test("V-8: with the other vault away nothing is said to lie alone", async (t) => {
  const [home, other] = await homes(t);
  await putKept(randomBytes(10), home, other);
  await other.vault.stop();
  assert.deepEqual(await home.vault.scrub(), { ...clean, objects: 1 });
});

test("V-12: what nobody had kept is forgotten after 30 days; a keep, and any get, keep it", async (t) => {
  const clock = { now: Date.now() };
  const [home] = await homes(t, clock);
  const put = async (): Promise<Uint8Array> => {
    const object = randomBytes(32);
    assert.equal((await call(home, object, "PUT", randomBytes(100))).status, 200);
    return object;
  };
  const [orphan, kept, read, looked] = [await put(), await put(), await put(), await put()];
  assert.equal((await call(home, kept, "POST")).status, 200);
  assert.equal((await call(home, read, "GET")).status, 200);
  const headers = showing(ticketFor("get", looked));
  assert.equal((await fetch(url(home, looked), { method: "HEAD", headers })).status, 200);
  const day = 24 * 3_600_000;
  const objects = async (): Promise<string[]> => {
    const disk = await Disk.at(home.dataDirectory);
    const found: string[] = [];
    for await (const id of disk.ids()) found.push(id);
    return found.toSorted();
  };
  clock.now += 30 * day - 1;
  assert.equal((await home.vault.scrub()).swept, 0);
  clock.now += 2;
  assert.equal((await home.vault.scrub()).swept, 2);
  assert.deepEqual(await objects(), [kept, read].map(toHex).toSorted());
  assert.ok(!(await objects()).includes(parseObjectId(toHex(orphan))));
});

test("H-61: keep wants a ticket to get, of the object's own chain", async (t) => {
  const [home] = await homes(t);
  const object = randomBytes(32);
  await call(home, object, "PUT", randomBytes(10));
  const keep = async (headers: Record<string, string>, at = object): Promise<string> => {
    const answer = await fetch(url(home, at, "/keep"), { method: "POST", headers });
    return answer.ok ? "OK" : ((await answer.json()) as { error: { code: string } }).error.code;
  };
  assert.equal(await keep(showing(ticketFor("put", object))), "TICKET_INVALID");
  assert.equal(await keep({}), "TICKET_INVALID");
  const elsewhere = { chain: "consortium" as ChainId, institution: authority };
  assert.equal(
    await keep(showing(ticketFor("get", object, elsewhere))),
    "TICKET_FOR_ANOTHER_CHAIN",
  );
  const absent = randomBytes(32);
  assert.equal(await keep(showing(ticketFor("get", absent)), absent), "NOT_FOUND");
  assert.equal((await home.vault.scrub()).alone, 0);
  assert.equal(await keep(showing(ticketFor("get", object, { chain }))), "OK");
});
