import assert from "node:assert/strict";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { encodeCanonical } from "@anamnesis/crypto/verify";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { ProxyStore } from "./store.ts";
import type { Deal, HeldGrant, ServedIntent } from "./store.ts";

const [gid, other] = ["ab".repeat(32), "cd".repeat(32)] as const;
const corrupt = { code: "STORE_CORRUPT" };
const full = { code: "STORAGE_FULL" };

const heldOf = (digest = 1): HeldGrant & { readonly replyKey: Uint8Array } => ({
  digest: new Uint8Array(32).fill(digest),
  gctx: new Uint8Array(32),
  notAfter: 1,
  replyKey: new Uint8Array(32).fill(7),
  revoked: false,
  erasedAt: 0,
  receipt: new Uint8Array(0),
});
const dealOf = (tags: number, commitmentBytes = 576): Deal => ({
  grant: Uint8Array.of(tags),
  visits: [],
  shares: Array.from({ length: tags }, (_, at) => ({
    share: new Uint8Array(48).fill(at),
    commitments: [new Uint8Array(commitmentBytes)],
  })),
});
const shareAt = (store: ProxyStore, position: number): number[] => [
  ...store.share(gid, position).share,
];

async function newStore(t: TestContext, quotaBytes?: number) {
  const folder = await temporaryFolder("proxy-store-");
  const store = new ProxyStore(folder, quotaBytes);
  t.after(() => store.close());
  return { store, keys: join(folder, "shareKeys") };
}

test("what is held is given; what is not, or whose key is gone, is said not to be", async (t) => {
  const { store, keys } = await newStore(t);
  assert.equal(store.grant(gid), undefined);
  assert.throws(() => store.document(gid), corrupt);
  assert.throws(() => store.share(gid, 0), corrupt);
  await store.putDeal(gid, heldOf(), dealOf(2));
  assert.deepEqual(store.grant(gid)?.replyKey, heldOf().replyKey);
  assert.deepEqual([...store.document(gid)], [2]);
  assert.deepEqual(shareAt(store, 1), [...new Uint8Array(48).fill(1)]);
  assert.throws(() => store.share(gid, 2), corrupt);
  await rm(join(keys, gid));
  assert.equal(store.grant(gid)?.replyKey, null);
  assert.throws(() => store.share(gid, 0), corrupt);
});

test("putErased() destroys the key; a key that a crash left opens nothing, and finishErasures() destroys it", async (t) => {
  const { store, keys } = await newStore(t);
  for (const id of [gid, other]) await store.putDeal(id, heldOf(), dealOf(1));
  const key = await readFile(join(keys, gid));
  await store.putErased(gid, { ...heldOf(), erasedAt: 5 });
  assert.deepEqual(await readdir(keys), [other]);
  assert.deepEqual(store.heldGids(), [other]);
  for (const id of [gid, "ef".repeat(32)]) await writeFile(join(keys, id), key);
  assert.equal(store.grant(gid)?.replyKey, null);
  assert.throws(() => store.share(gid, 0), corrupt);
  await store.finishErasures();
  assert.deepEqual(await readdir(keys), [other]);
  assert.deepEqual(store.grant(other)?.replyKey, heldOf().replyKey);
});

test("putDeal() leaves nothing of the deal before, and putErased() gives back the room of the shares", async (t) => {
  const { store } = await newStore(t, 60_000);
  await store.putDeal(gid, heldOf(), dealOf(2));
  await store.putDeal(gid, heldOf(2), dealOf(1));
  assert.throws(() => store.share(gid, 1), corrupt);
  await store.putDeal(gid, heldOf(), dealOf(2, 20_000));
  await assert.rejects(store.putDeal(other, heldOf(), dealOf(2, 20_000)), full);
  await store.putErased(gid, heldOf());
  await store.putDeal(other, heldOf(), dealOf(2, 20_000));
});

test("putDeal() takes a deal that fills the room to its last byte, and nothing of one that is larger", async (t) => {
  const { grant, visits, shares } = dealOf(3);
  const wanted = [{ grant, visits }, ...shares.map((share) => ({ ...share }))]
    .map((part) => encodeCanonical(part as never).length)
    .reduce((sum, length) => sum + length);
  const { store } = await newStore(t, wanted);
  await store.putDeal(gid, heldOf(), dealOf(3));
  const { store: smaller, keys } = await newStore(t, wanted - 1);
  await assert.rejects(smaller.putDeal(gid, heldOf(), dealOf(3)), full);
  assert.equal(smaller.grant(gid), undefined);
  assert.deepEqual(await readdir(keys), []);
});

test("changeGrant() writes what was changed: a deal that came, an erasure, nothing else", async (t) => {
  const { store } = await newStore(t);
  await store.changeGrant(gid, () => heldOf(), dealOf(1));
  const before = store.grant(gid);
  await store.changeGrant(gid, (held) => ({ ...held!, notAfter: 99 }));
  assert.deepEqual(store.grant(gid), before);
  const refused = store.changeGrant(gid, () => {
    throw new TypeError("A bug");
  });
  await assert.rejects(refused, TypeError);
  await store.changeGrant(gid, (held) => ({ ...held!, replyKey: null, erasedAt: 5 }));
  assert.deepEqual([store.grant(gid)?.replyKey, store.grant(gid)?.erasedAt], [null, 5]);
});

test("putIntent() keeps what was served first, by its intent", async (t) => {
  const { store } = await newStore(t);
  const served = (time: number): ServedIntent => ({
    intent: new Uint8Array(32),
    reader: new Uint8Array(32),
    salt: new Uint8Array(32),
    action: "read",
    purpose: "TREAT",
    digests: [],
    time,
  });
  await store.putIntent(gid, "a", served(1));
  await store.putIntent(gid, "a", served(2));
  await store.putIntent(gid, "b", served(3));
  await store.putIntent(other, "a", served(4));
  assert.deepEqual(
    store.intents(gid).map(({ time }) => time),
    [1, 3],
  );
});
