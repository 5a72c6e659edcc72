import assert from "node:assert/strict";
import { link, mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { PowerLoss } from "@anamnesis/testing/powerLoss";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { ShareKeys } from "./shareKeys.ts";

const [gid, other] = ["a".repeat(64), "b".repeat(64)];

test("make() and destroy() are done when they say so, whenever the power goes", async (t) => {
  const root = await temporaryFolder("share-keys-");
  const folder = join(root, "keys");
  const before = new ShareKeys(folder);
  const power = await PowerLoss.over(root);
  t.after(() => power.end());
  const made = await before.make(gid!);
  await before.make(other!);
  await power.strike();
  assert.deepEqual(new ShareKeys(folder).read(gid!), made);

  await new ShareKeys(folder).destroy(gid!);
  await power.strike();
  assert.deepEqual(await readdir(folder), [other]);
});

test("make() gives a grant one key; destroy() leaves nothing of it in the file that held it", async () => {
  const folder = await temporaryFolder("share-keys-");
  const keys = new ShareKeys(folder);
  const key = await keys.make(gid!);
  assert.deepEqual(await keys.make(gid!), key);
  assert.notDeepEqual(await keys.make(other!), key);
  await keys.destroy(gid!);
  await keys.destroy(gid!);
  assert.equal(keys.read(gid!), undefined);
  assert.deepEqual(keys.gids(), [other]);
});

test("destroy() overwrites a key before it forgets it", async () => {
  const folder = await temporaryFolder("share-keys-");
  const keys = new ShareKeys(folder);
  const key = await keys.make(gid!);
  const held = join(await temporaryFolder("share-keys-held-"), "key");
  await link(join(folder, gid!), held);
  await keys.destroy(gid!);
  const left = await readFile(held);
  assert.equal(left.length, key.length);
  assert.notDeepEqual(Uint8Array.from(left), key);
});

test("read() takes no file for a key that is not as long as one, and says that it cannot read", async () => {
  const folder = await temporaryFolder("share-keys-");
  const keys = new ShareKeys(folder);
  await writeFile(join(folder, gid!), new Uint8Array(31));
  assert.equal(keys.read(gid!), undefined);
  assert.equal((await keys.make(gid!)).length, 32);
  await mkdir(join(folder, other!));
  assert.throws(() => keys.read(other!), { code: "EISDIR" });
});
