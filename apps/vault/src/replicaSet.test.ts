import assert from "node:assert/strict";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { randomBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import { Disk } from "./disk.ts";
import { ReplicaSet } from "./replicaSet.ts";
import type { ObjectId, Store, Upload } from "./store.ts";
import {
  named,
  newId,
  putWhole,
  readWhole,
  storeCompliance,
} from "@anamnesis/testing/storeCompliance";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";

interface Fixture {
  readonly roots: readonly [string, string];
  readonly disks: readonly [Disk, Disk];
  readonly set: ReplicaSet;
  readonly id: ObjectId;
  readonly content: Buffer;
}

async function newSet(): Promise<Fixture> {
  const roots = [await newFolder(), await newFolder()] as const;
  const disks = [await Disk.at(roots[0]), await Disk.at(roots[1])] as const;
  const set = new ReplicaSet(disks);
  const id = newId();
  const content = Buffer.from(randomBytes(200_000));
  await putWhole(set, id, content);
  return { roots, disks, set, id, content };
}

const newFolder = (): Promise<string> => temporaryFolder("vault-set-");
const pathIn = (root: string, id: ObjectId): string => join(root, "objects", id.slice(0, 2), id);

async function flipOneBit(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 128;
  await writeFile(path, bytes);
}

storeCompliance(
  "ReplicaSet",
  async () => new ReplicaSet([await Disk.at(await newFolder()), await Disk.at(await newFolder())]),
);

test("ReplicaSet() refuses fewer replicas than the minimum", async () => {
  const disk = await Disk.at(await newFolder());
  assert.throws(() => new ReplicaSet([disk]), { code: "BAD_REQUEST" });
});

test("commit() leaves the object whole on every replica", async () => {
  const { disks, id, content } = await newSet();
  for (const disk of disks) assert.deepEqual(await readWhole(disk, id), content);
});

test("open() serves a good replica and repairs the other", async (t) => {
  for (const at of [0, 1] as const) {
    await t.test(`a bit flipped in replica ${at + 1}`, async () => {
      const { roots, disks, set, id, content } = await newSet();
      await flipOneBit(pathIn(roots[at], id));
      await assert.rejects(disks[at].open(id), { code: "OBJECT_CORRUPT" });
      assert.deepEqual(await readWhole(set, id), content);
      assert.deepEqual(await readWhole(disks[at], id), content);
    });
    await t.test(`replica ${at + 1} lost`, async () => {
      const { roots, disks, set, id, content } = await newSet();
      await rm(pathIn(roots[at], id));
      assert.deepEqual(await readWhole(set, id), content);
      assert.deepEqual(await readWhole(disks[at], id), content);
    });
  }
});

test("open() serves many readers of a broken replica at once, and repairs it once", async () => {
  const { roots, disks, set, id, content } = await newSet();
  await flipOneBit(pathIn(roots[0], id));
  const read = await Promise.all(Array.from({ length: 6 }, () => readWhole(set, id)));
  for (const bytes of read) assert.deepEqual(bytes, content);
  assert.deepEqual(await readWhole(disks[0], id), content);
});

test("open() refuses when no replica is good, or two good ones differ", async () => {
  const flipped = await newSet();
  await flipOneBit(pathIn(flipped.roots[0], flipped.id));
  await flipOneBit(pathIn(flipped.roots[1], flipped.id));
  await assert.rejects(flipped.set.open(flipped.id), { code: "OBJECT_CORRUPT" });

  const differing = await newSet();
  await differing.disks[1].remove(differing.id);
  await putWhole(differing.disks[1], differing.id, randomBytes(200_000));
  await assert.rejects(differing.set.open(differing.id), { code: "OBJECT_CORRUPT" });

  const ofTwoChains = await newSet();
  const { id, content, disks, set } = ofTwoChains;
  await disks[1].remove(id);
  const upload = await disks[1].begin(named(id, "city-hospital"));
  await upload.write(content);
  await upload.commit();
  await assert.rejects(set.open(id), { code: "OBJECT_CORRUPT" });
});

test("scrub() repairs what can be repaired and counts what is lost", async () => {
  const { roots, disks, set, id, content } = await newSet();
  const [lost, fine] = [newId(), newId()];
  await putWhole(set, lost, randomBytes(100));
  await putWhole(set, fine, randomBytes(100));
  await flipOneBit(pathIn(roots[1], id));
  await flipOneBit(pathIn(roots[0], lost));
  await flipOneBit(pathIn(roots[1], lost));
  assert.deepEqual(await set.scrub(), { objects: 3, repaired: 1, lost: 1 });
  assert.deepEqual(await readWhole(disks[1], id), content);
  assert.deepEqual(await set.scrub(), { objects: 3, repaired: 0, lost: 1 });
});

test("an upload survives a failing replica while the minimum stands, and else leaves nothing", async () => {
  const disks = [await Disk.at(await newFolder()), await Disk.at(await newFolder())] as const;
  const id = newId();
  const three = new ReplicaSet([...disks, failingStore("write")]);
  const upload = await three.begin(named(id));
  await upload.write(randomBytes(10));
  assert.equal((await upload.commit()).replicas, 2);

  for (const moment of ["begin", "write", "commit"] as const) {
    const other = newId();
    await assert.rejects(
      putWhole(new ReplicaSet([disks[0], failingStore(moment)]), other, randomBytes(10)),
      {
        code: "STORAGE_FULL",
      },
    );
    assert.equal(await disks[0].open(other), undefined, `after a failure at ${moment}`);
  }
});

/** A store whose disk is full at one moment. */
function failingStore(moment: "begin" | "write" | "commit"): Store {
  const full = (): Promise<never> => Promise.reject(new AnamnesisError("STORAGE_FULL", "Full"));
  const upload: Upload = {
    write: () => (moment === "write" ? full() : Promise.resolve()),
    commit: full,
    abort: () => Promise.resolve(),
  };
  return {
    begin: () => (moment === "begin" ? full() : Promise.resolve(upload)),
    open: () => Promise.resolve(undefined),
    ids: async function* () {},
    remove: () => Promise.resolve(),
  };
}
