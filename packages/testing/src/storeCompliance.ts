/** What every store has to pass; only tests import it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomBytes, sha256, toHex } from "@anamnesis/crypto/verify";
import { parseChainId } from "@anamnesis/protocol";
import { parseObjectId } from "../../../apps/vault/src/store.ts";
import type { NamedObject, ObjectId, Store } from "../../../apps/vault/src/store.ts";

export const newId = (): ObjectId => parseObjectId(toHex(randomBytes(32)));

/** An object of the hospital's chain. */
export const named = (id: ObjectId, chain = "general-hospital"): NamedObject => ({
  id,
  chain: parseChainId(chain),
});

export async function putWhole(
  store: Store,
  id: ObjectId,
  ...chunks: readonly Uint8Array[]
): Promise<void> {
  const upload = await store.begin(named(id));
  try {
    for (const chunk of chunks) await upload.write(chunk);
    await upload.commit();
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

export async function readWhole(store: Store, id: ObjectId): Promise<Buffer | undefined> {
  const object = await store.open(id);
  if (object === undefined) return undefined;
  try {
    const chunks: Uint8Array[] = [];
    for await (const chunk of object.content()) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    await object.close();
  }
}

export async function idsOf(store: Store): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of store.ids()) ids.push(id);
  return ids.toSorted();
}

/** @param make - A new, empty store. */
export function storeCompliance(name: string, make: () => Promise<Store>): void {
  test(`${name} gives back what was put, of any length`, async () => {
    const store = await make();
    for (const length of [0, 1, 65_536, 3 * (1 << 20) + 7]) {
      const id = newId();
      const content = randomBytes(length);
      await putWhole(store, id, content.subarray(0, length >> 1), content.subarray(length >> 1));
      assert.deepEqual(await readWhole(store, id), Buffer.from(content));
      const object = await store.open(id);
      assert.equal(object?.bytes, length);
      assert.deepEqual(object?.sha256, sha256(content));
      await object?.close();
    }
  });

  test(`${name} knows under which chain an object was put`, async () => {
    const store = await make();
    for (const chain of ["general-hospital", "city-hospital"]) {
      const id = newId();
      await (await store.begin(named(id, chain))).commit();
      const object = await store.open(id);
      assert.equal(object?.chain, chain);
      await object?.close();
    }
  });

  test(`${name} has no object that was never put, and forgets a removed one`, async () => {
    const store = await make();
    const id = newId();
    assert.equal(await store.open(id), undefined);
    await store.remove(id);
    await putWhole(store, id, randomBytes(10));
    await store.remove(id);
    assert.equal(await store.open(id), undefined);
    assert.deepEqual(await idsOf(store), []);
  });

  test(`${name} shows nothing of an upload before commit, and nothing after abort`, async () => {
    const store = await make();
    const id = newId();
    const upload = await store.begin(named(id));
    await upload.write(randomBytes(100));
    assert.equal(await store.open(id), undefined);
    assert.deepEqual(await idsOf(store), []);
    await upload.abort();
    assert.equal(await store.open(id), undefined);
    await putWhole(store, id, randomBytes(5));
    assert.equal((await readWhole(store, id))?.length, 5);
  });

  test(`${name} never changes an object`, async () => {
    const store = await make();
    const id = newId();
    const first = await store.begin(named(id));
    await assert.rejects(store.begin(named(id)), { code: "OBJECT_EXISTS" });
    await first.write(Uint8Array.of(1));
    await first.commit();
    await first.abort();
    await assert.rejects(putWhole(store, id, Uint8Array.of(2)), { code: "OBJECT_EXISTS" });
    assert.deepEqual(await readWhole(store, id), Buffer.of(1));
  });

  test(`${name} names every object that it holds`, async () => {
    const store = await make();
    const ids = Array.from({ length: 20 }, newId);
    for (const id of ids) await putWhole(store, id, randomBytes(3));
    assert.deepEqual(await idsOf(store), ids.toSorted());
  });

  test(`${name} takes several uploads at once`, async () => {
    const store = await make();
    const contents = Array.from({ length: 8 }, () => ({
      id: newId(),
      content: randomBytes(50_000),
    }));
    await Promise.all(contents.map(({ id, content }) => putWhole(store, id, content)));
    for (const { id, content } of contents)
      assert.deepEqual(await readWhole(store, id), Buffer.from(content));
  });
}
