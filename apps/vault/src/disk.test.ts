import assert from "node:assert/strict";
import { readFile, readdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { randomBytes } from "@anamnesis/crypto/verify";
import { Disk } from "./disk.ts";
import type { ObjectId, UnkeptObject } from "./store.ts";
import {
  idsOf,
  named,
  newId,
  putWhole,
  readWhole,
  storeCompliance,
} from "@anamnesis/testing/storeCompliance";
import { PowerLoss } from "@anamnesis/testing/powerLoss";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";

const newFolder = (): Promise<string> => temporaryFolder("vault-disk-");
const pathIn = (root: string, id: ObjectId): string => join(root, "objects", id.slice(0, 2), id);

storeCompliance("Disk", async () => Disk.at(await newFolder()));

test("open() refuses an object whose bytes, checksum or place were changed", async (t) => {
  const rows: { when: string; damage: (path: string, otherPath: string) => Promise<void> }[] = [
    { when: "one bit is flipped", damage: flipOneBit },
    { when: "it is cut short", damage: (path) => truncate(path, 999) },
    { when: "it is empty", damage: (path) => truncate(path, 0) },
    { when: "its checksum is lost", damage: (path) => rm(`${path}.sum`) },
    { when: "its checksum is flipped", damage: (path) => flipOneBit(`${path}.sum`) },
    {
      when: "its checksum says another chain",
      damage: async (path) => {
        const sum = await readFile(`${path}.sum`, "utf8");
        await writeFile(`${path}.sum`, sum.replace("general-hospital", "city-hospital"));
      },
    },
    { when: "its checksum is no JSON", damage: (path) => writeFile(`${path}.sum`, "{") },
    {
      when: "another object took its place, checksum and all",
      damage: async (path, otherPath) => {
        await rename(otherPath, path);
        await rename(`${otherPath}.sum`, `${path}.sum`);
      },
    },
  ];
  for (const { when, damage } of rows) {
    await t.test(when, async () => {
      const root = await newFolder();
      const disk = await Disk.at(root);
      const [id, other] = [newId(), newId()];
      await putWhole(disk, id, randomBytes(1_000));
      await putWhole(disk, other, randomBytes(1_000));
      await damage(pathIn(root, id), pathIn(root, other));
      await assert.rejects(disk.open(id), { code: "OBJECT_CORRUPT" });
    });
  }
});

test("content() cuts off an object that changes between check and reading", async () => {
  const root = await newFolder();
  const disk = await Disk.at(root);
  const id = newId();
  await putWhole(disk, id, randomBytes(100));
  const object = await disk.open(id);
  await flipOneBit(pathIn(root, id));
  const seen: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of object!.content()) seen.push(chunk);
    },
    { code: "OBJECT_CORRUPT" },
  );
  assert.deepEqual(seen, []);
  await object?.close();
});

test("Disk.at() clears away uploads that a crash left, and keeps what was committed", async () => {
  const root = await newFolder();
  const before = await Disk.at(root);
  const kept = newId();
  await putWhole(before, kept, randomBytes(10));
  const lost = await before.begin(named(newId()));
  await lost.write(randomBytes(10_000));
  const after = await Disk.at(root);
  assert.deepEqual(await readdir(join(root, "uploads")), []);
  assert.deepEqual(await idsOf(after), [kept]);
  assert.equal((await readWhole(after, kept))?.length, 10);
});

test("an object that was committed outlives a loss of power; an upload does not", async (t) => {
  const root = await newFolder();
  const power = await PowerLoss.over(root);
  t.after(() => power.end());
  const disk = await Disk.at(root);
  const [id, other, unfinished] = [newId(), newId(), newId()];
  const content = randomBytes(70_000);
  await putWhole(disk, id, content);
  await putWhole(disk, other, content);
  const upload = await disk.begin(named(unfinished));
  await upload.write(content);
  await power.strike();
  const after = await Disk.at(root);
  assert.deepEqual((await idsOf(after)).toSorted(), [id, other].toSorted());
  for (const kept of [id, other])
    assert.deepEqual(await readWhole(after, kept), Buffer.from(content));
});

test("write() refuses what goes over the quota, and counts what is removed or given up", async () => {
  const limits = { bytes: 1_000, bytesOf: () => 1_000 };
  const root = await newFolder();
  const disk = await Disk.at(root, { limits });
  const first = newId();
  await putWhole(disk, first, randomBytes(900));
  const second = newId();
  const upload = await disk.begin(named(second));
  await upload.write(randomBytes(100));
  await assert.rejects(upload.write(randomBytes(1)), { code: "STORAGE_FULL" });
  await upload.abort();
  assert.deepEqual(await readdir(join(root, "uploads")), []);
  assert.equal(await disk.open(second), undefined);
  await putWhole(disk, second, randomBytes(100));
  await disk.remove(first);
  await putWhole(disk, first, randomBytes(900));
  const reopened = await Disk.at(root, { limits });
  await assert.rejects(putWhole(reopened, newId(), randomBytes(1)), { code: "STORAGE_FULL" });
});

test("what nobody has kept is swept, what was kept stays, after a restart too", async () => {
  const root = await newFolder();
  const before = await Disk.at(root, { now: () => 5_000 });
  const [kept, left] = [newId(), newId()];
  for (const id of [kept, left]) await putWhole(before, id, randomBytes(10));
  assert.deepEqual(
    (await unkeptOf(before)).toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    [kept, left].toSorted().map((id) => ({ id, since: 5_000 })),
  );
  assert.equal(await before.keep(kept), true);
  assert.equal(await before.keep(kept), true);
  assert.equal(await before.keep(newId()), false);

  const after = await Disk.at(root);
  assert.deepEqual(await unkeptOf(after), [{ id: left, since: 5_000 }]);
  assert.equal(await after.sweep(kept), false);
  assert.equal(await after.sweep(left), true);
  assert.deepEqual(await idsOf(after), [kept]);
  assert.deepEqual(await readdir(join(root, "uploads")), []);
});

test("keep() and sweep() at once: either it is kept and stays, or it is gone and nobody was told otherwise", async () => {
  const disk = await Disk.at(await newFolder());
  for (let i = 0; i < 60; i += 1) {
    const id = newId();
    await putWhole(disk, id, randomBytes(10));
    const keeping = (): Promise<boolean> => disk.keep(id);
    const sweeping = (): Promise<boolean> => disk.sweep(id);
    const [kept, swept] =
      i % 2 === 0
        ? await Promise.all([keeping(), sweeping()])
        : (await Promise.all([sweeping(), keeping()])).toReversed();
    assert.notEqual(kept, swept);
    assert.equal((await readWhole(disk, id)) !== undefined, kept);
  }
});

async function unkeptOf(disk: Disk): Promise<UnkeptObject[]> {
  const found: UnkeptObject[] = [];
  for await (const object of disk.unkept()) found.push(object);
  return found;
}

async function flipOneBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}
