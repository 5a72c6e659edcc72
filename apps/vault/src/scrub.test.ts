/** What a vault does about each word of another vault: a disk of its own, the others in our hands. */
import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { randomBytes, sha256, streamOf } from "@anamnesis/crypto/verify";
import { AnamnesisError, parseChainId } from "@anamnesis/protocol";
import { named, newId, putWhole, readWhole } from "@anamnesis/testing/storeCompliance";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { Disk } from "./disk.ts";
import type { PeerObject } from "./peers.ts";
import { Repairs } from "./repairs.ts";
import type { NamedObject, UnkeptObject } from "./store.ts";

const content = randomBytes(1_000);
const clean = { objects: 1, repaired: 0, lost: 0, differing: 0, alone: 0, swept: 0 };
const chains = ["general-hospital", "city-hospital"].map(parseChainId);
const away = (): Promise<never> =>
  Promise.reject(new AnamnesisError("UNAVAILABLE", "The other vault is away"));

/** Another vault, which is away but for what it is made to say. */
const peer = (says: Partial<PeerObject>): PeerObject => ({
  institution: "city-hospital",
  keep: away,
  content: away,
  ...says,
});
const giving = (bytes: Uint8Array): PeerObject =>
  peer({
    content: async () => ({
      bytes: bytes.length,
      sha256: sha256(bytes),
      content: streamOf([bytes]),
    }),
  });

/** A vault with one object that was put at 5,000, and others that are these. */
async function vaultAmong(...peers: readonly PeerObject[]) {
  const root = await temporaryFolder("vault-scrub-");
  const disk = await Disk.at(root, { now: () => 5_000 });
  const id = newId();
  await putWhole(disk, id, content);
  const asked: NamedObject[] = [];
  const of = (object: NamedObject): readonly PeerObject[] => {
    asked.push(object);
    return peers;
  };
  const path = join(root, "objects", id.slice(0, 2), id);
  return { root, disk, id, path, asked, repairs: new Repairs(disk, { of }, chains) };
}

test("scrub() forgets what was put until then and nobody had kept, to the millisecond", async () => {
  const { repairs, disk, id, asked } = await vaultAmong();
  assert.deepEqual(await repairs.scrub(4_999), clean);
  assert.deepEqual(asked, [], "what waits to be kept is looked for nowhere");
  assert.deepEqual(await repairs.scrub(5_000), { ...clean, objects: 0, swept: 1 });
  assert.equal(await disk.open(id), undefined);
});

test("scrub() forgets nothing that somebody had kept while it ran", async (t) => {
  const { repairs, disk, id } = await vaultAmong(peer({}));
  await disk.keep(id);
  t.mock.method(disk, "unkept", async function* (): AsyncGenerator<UnkeptObject> {
    yield { id, since: 0 };
  });
  assert.deepEqual(await repairs.scrub(5_000), clean);
  assert.notEqual(await disk.open(id).then((found) => found?.close().then(() => found)), undefined);
});

test("scrub() counts an object by what the first vault says that has it", async (t) => {
  const same = peer({ keep: async () => sha256(content) });
  const other = peer({ keep: async () => sha256(randomBytes(5)) });
  const none = peer({ keep: async () => undefined });
  const rows = [
    ["no other vault is meant to have it", [], { alone: 1 }],
    ["no other vault has it", [none, none], { alone: 1 }],
    ["one does not say", [none, peer({})], {}],
    ["one has the same", [same], {}],
    ["one has other bytes", [other, same], { differing: 1 }],
    ["the first does not say, the second has the same", [peer({}), same], {}],
    ["the first has none, the second other bytes", [none, other], { differing: 1 }],
  ] as const;
  for (const [when, peers, want] of rows)
    await t.test(when, async () => {
      const { repairs, disk, id } = await vaultAmong(...peers);
      await disk.keep(id);
      assert.deepEqual(await repairs.scrub(0), { ...clean, ...want });
    });
});

test("scrub() stops where its own disk does not work, and repairs nothing then", async (t) => {
  const { repairs, disk, asked } = await vaultAmong(giving(content));
  t.mock.method(disk, "open", away);
  await assert.rejects(repairs.scrub(0), { code: "UNAVAILABLE" });
  assert.deepEqual(asked, []);
});

test("a bug in what asks other vaults stops a scrub and a repair: it is no answer", async () => {
  const broken = (): Promise<never> => Promise.reject(new TypeError("A bug"));
  const { repairs, disk, id } = await vaultAmong(peer({ keep: broken, content: broken }));
  await disk.keep(id);
  await assert.rejects(repairs.scrub(0), TypeError);
  await assert.rejects(repairs.repair(id), TypeError);
});

test("repair() fetches an object once for all who ask meanwhile, and anew for who asks later", async () => {
  let fetched = 0;
  const counted = peer({
    content: () => {
      fetched += 1;
      return giving(content).content();
    },
  });
  const { repairs, disk, id, path } = await vaultAmong(counted);
  for (const want of [1, 2]) {
    await writeFile(path, "damaged");
    assert.deepEqual(await Promise.all([repairs.repair(id), repairs.repair(id)]), [true, true]);
    assert.equal(fetched, want);
    assert.deepEqual(await readWhole(disk, id), Buffer.from(content));
  }
});

test("scrub() counts what it repaired and what no vault gave, and believes no bytes without a hash", async () => {
  const unhashed = peer({ content: async () => ({ bytes: 1_000, content: streamOf([content]) }) });
  for (const [given, want] of [
    [giving(content), { repaired: 1 }],
    [unhashed, { lost: 1 }],
  ] as const) {
    const { repairs, path } = await vaultAmong(given);
    await writeFile(path, "damaged");
    await writeFile(`${path}.sum`, "damaged");
    assert.deepEqual(await repairs.scrub(0), { ...clean, ...want });
  }
});

test("settled() waits for the repairs that run", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const slow = peer({ content: () => promise.then(() => giving(content).content()) });
  const { repairs, disk, id, path } = await vaultAmong(slow);
  await writeFile(path, "damaged");
  const repair = repairs.repair(id);
  let isSettled = false;
  const settled = repairs.settled().then(() => (isSettled = true));
  await new Promise((next) => setImmediate(next));
  assert.equal(isSettled, false);
  resolve();
  await settled;
  assert.deepEqual(await readWhole(disk, id), Buffer.from(content));
  assert.equal(await repair, true);
});

test("repair() asks under every chain for an object of which it is not known whose it is", async () => {
  const { repairs, disk, id, path, asked } = await vaultAmong(peer({}));
  await repairs.repair(id);
  await writeFile(`${path}.sum`, "damaged");
  assert.equal(await repairs.repair(id), false);
  assert.deepEqual(asked, [named(id), ...chains.map((chain) => ({ id, chain }))]);
  await disk.remove(id);
});

test("repair() goes on to the next vault where one breaks off or has other bytes, and lets go of both", async (t) => {
  let isCancelled = false;
  const otherBytes = randomBytes(5);
  const other = streamOf([otherBytes]);
  t.mock.method(other, "cancel", async () => {
    isCancelled = true;
  });
  const breaking = streamOf(
    (async function* () {
      yield content.subarray(0, 10);
      throw new AnamnesisError("UNAVAILABLE", "It broke off");
    })(),
  );
  const said = { bytes: 1_000, sha256: sha256(content) };
  const { repairs, root, disk, id, path } = await vaultAmong(
    peer({ content: async () => ({ bytes: 5, sha256: sha256(otherBytes), content: other }) }),
    peer({ content: async () => ({ ...said, content: breaking }) }),
    giving(content),
  );
  await writeFile(path, "damaged");
  assert.equal(await repairs.repair(id), true);
  assert.ok(isCancelled);
  assert.deepEqual(await readWhole(disk, id), Buffer.from(content));
  assert.deepEqual(await readdir(join(root, "uploads")), []);
});
