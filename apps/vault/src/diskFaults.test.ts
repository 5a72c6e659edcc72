/** A disk that fails, or whose files were meddled with: nothing is lost by it, and nobody is told what is not so. */
import assert from "node:assert/strict";
import { mkdir, open, readdir, readlink, rm, stat, writeFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { randomBytes } from "@anamnesis/crypto/verify";
import { named, newId, putWhole, readWhole } from "@anamnesis/testing/storeCompliance";
import { PowerLoss } from "@anamnesis/testing/powerLoss";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { Disk } from "./disk.ts";
import { diskError } from "./files.ts";
import { encodeSidecar } from "./sidecar.ts";
import type { ObjectId, UnkeptObject } from "./store.ts";

const content = randomBytes(100);

/** A disk with one object. */
async function diskWithOne(limits?: { bytes: number }) {
  const root = await temporaryFolder("vault-faults-");
  const bytesOf = (): number => Number.POSITIVE_INFINITY;
  const options = limits === undefined ? {} : { limits: { ...limits, bytesOf } };
  const disk = await Disk.at(root, options);
  const id = newId();
  await putWhole(disk, id, content);
  return { root, disk, id, path: pathIn(root, id), options };
}
const pathIn = (root: string, id: ObjectId): string => join(root, "objects", id.slice(0, 2), id);

async function unkeptOf(disk: Disk): Promise<UnkeptObject[]> {
  const found: UnkeptObject[] = [];
  for await (const object of disk.unkept()) found.push(object);
  return found;
}

/** How many files this process has open below a folder. */
async function openBelow(root: string): Promise<number> {
  const links = await Promise.all(
    (await readdir("/proc/self/fd")).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => "")),
  );
  return links.filter((link) => link.startsWith(root)).length;
}

/** Until the test ends, a folder cannot be synced. */
async function failSyncsOf(t: TestContext, folder: string): Promise<void> {
  const { ino } = await stat(folder);
  const any = await open(folder, "r");
  const files = Object.getPrototypeOf(any) as Pick<FileHandle, "sync">;
  await any.close();
  const { sync } = files;
  t.after(() => Object.assign(files, { sync }));
  files.sync = async function (this: FileHandle) {
    if ((await this.stat()).ino === ino) throw Object.assign(new Error("EIO"), { code: "EIO" });
    return sync.call(this);
  };
}

test("Disk.at() starts over an object of which it does not know any more whose it is", async () => {
  const { root, id, path } = await diskWithOne();
  await rm(`${path}.sum`);
  const again = await Disk.at(root);
  await assert.rejects(again.open(id), { code: "OBJECT_CORRUPT" });
  await again.remove(id);
  assert.equal(await again.open(id), undefined);
});

test("begin() refuses an object that is there before a byte of another comes, and frees its id with it", async () => {
  const { disk, id } = await diskWithOne();
  await assert.rejects(disk.begin(named(id)), { code: "OBJECT_EXISTS" });
  await disk.remove(id);
  await putWhole(disk, id, randomBytes(5));
});

test("commit() leaves an object as it is that came meanwhile from elsewhere", async () => {
  const { root, disk } = await diskWithOne();
  const id = newId();
  const elsewhere = await Disk.at(root);
  const upload = await disk.begin(named(id));
  await upload.write(randomBytes(7));
  await putWhole(elsewhere, id, content);
  await assert.rejects(upload.commit(), { code: "OBJECT_EXISTS" });
  assert.deepEqual(await readWhole(disk, id), Buffer.from(content));
});

test("open() refuses an object of another length than its checksum says", async () => {
  const { disk, id, path } = await diskWithOne();
  const known = await disk.known(id);
  await writeFile(`${path}.sum`, encodeSidecar({ ...known!, bytes: known!.bytes + 1 }));
  await assert.rejects(disk.open(id), { code: "OBJECT_CORRUPT" });
});

test("no file stays open of an object that was put, refused, given up or found damaged", async () => {
  const { root, disk, path, id } = await diskWithOne();
  assert.equal(await openBelow(root), 0, "put");
  const given = await disk.begin(named(newId()));
  assert.equal(await openBelow(root), 1);
  await given.abort();
  assert.equal(await openBelow(root), 0, "given up");
  await rm(`${path}.sum`);
  await assert.rejects(disk.open(id));
  assert.equal(await openBelow(root), 0, "damaged");
  const repair = await disk.beginRepair(named(id));
  await assert.rejects(repair.commit(randomBytes(32)), { code: "OBJECT_CORRUPT" });
  assert.equal(await openBelow(root), 0, "refused");
  assert.deepEqual(await readdir(join(root, "uploads")), []);
});

test("remove() leaves nothing of an object", async () => {
  const { disk, id, path } = await diskWithOne();
  await disk.remove(id);
  assert.deepEqual(await readdir(dirname(path)), []);
});

test("what a failed sync may lose is not there at all", async (t) => {
  const { root, disk } = await diskWithOne();
  const id = newId();
  const folder = dirname(pathIn(root, id));
  await mkdir(folder, { recursive: true });
  const upload = await disk.begin(named(id));
  await failSyncsOf(t, folder);
  await assert.rejects(upload.commit(), { code: "UNAVAILABLE" });
  assert.equal(await disk.open(id), undefined);
  assert.deepEqual(await readdir(join(root, "uploads")), []);
});

test("abort() after commit gives back no room", async () => {
  const { disk } = await diskWithOne({ bytes: 300 });
  const upload = await disk.begin(named(newId()));
  await upload.write(content);
  await upload.commit();
  await upload.abort();
  await assert.rejects(putWhole(disk, newId(), randomBytes(101)), { code: "STORAGE_FULL" });
  await putWhole(disk, newId(), randomBytes(100));
});

test("a repair takes the room of what it replaces, no more", async () => {
  const { disk, id } = await diskWithOne({ bytes: 200 });
  for (let i = 0; i < 3; i += 1) {
    const repair = await disk.beginRepair(named(id));
    await repair.write(content);
    await repair.commit();
  }
  await putWhole(disk, newId(), content);
  await assert.rejects(putWhole(disk, newId(), randomBytes(1)), { code: "STORAGE_FULL" });
});

test("a repair brings back a checksum that was lost, too", async () => {
  const { disk, id, path } = await diskWithOne();
  await rm(`${path}.sum`);
  const repair = await disk.beginRepair(named(id));
  await repair.write(content);
  await repair.commit();
  assert.deepEqual(await readWhole(disk, id), Buffer.from(content));
});

test("a repair outlives a loss of power, and so does a keep", async (t) => {
  const { root, disk, id, path } = await diskWithOne();
  await writeFile(path, randomBytes(3));
  const power = await PowerLoss.over(root);
  t.after(() => power.end());
  const repair = await disk.beginRepair(named(id));
  await repair.write(content);
  await repair.commit();
  await power.strike();
  assert.deepEqual(await readWhole(disk, id), Buffer.from(content));
  assert.equal(await disk.keep(id), true);
  await power.strike();
  assert.deepEqual(await unkeptOf(disk), []);
});

test("keep() and sweep() say that the disk does not work, not that nothing is there", async () => {
  const { root, disk, id, path } = await diskWithOne();
  const other = newId();
  await putWhole(disk, other, content);
  await rm(`${path}.new`);
  await mkdir(`${path}.new`);
  await assert.rejects(disk.keep(id), { code: "UNAVAILABLE" });
  await mkdir(join(root, "uploads", `${other}.new`, "inside"), { recursive: true });
  await assert.rejects(disk.sweep(other), { code: "UNAVAILABLE" });
  assert.deepEqual(await readWhole(disk, other), Buffer.from(content));
});

test("open() says that the disk does not work where an object cannot be looked for", async () => {
  const { root, disk } = await diskWithOne();
  const id = newId();
  const folder = dirname(pathIn(root, id));
  await rm(folder, { recursive: true, force: true });
  await writeFile(folder, "no folder");
  await assert.rejects(disk.open(id), { code: "UNAVAILABLE" });
});

test("V-12: unkept() takes for a mark only what says when an object was put", async () => {
  const { root, disk, id, path } = await diskWithOne();
  const number = newId();
  await putWhole(disk, number, Buffer.from("5"));
  await disk.keep(number);
  for (const damaged of ["", "\n", "soon"]) {
    await writeFile(`${path}.new`, damaged);
    assert.deepEqual(await unkeptOf(disk), [], JSON.stringify(damaged));
  }
  await writeFile(`${path}.new`, "7\n");
  assert.deepEqual(await unkeptOf(await Disk.at(root)), [{ id, since: 7 }]);
});

test("diskError() tells a full disk and a taken name from one that does not work", () => {
  const codeOf = (code: string): unknown =>
    (diskError(Object.assign(new Error(code), { code })) as { code?: string }).code;
  assert.deepEqual(["ENOSPC", "EDQUOT", "EEXIST", "EIO"].map(codeOf), [
    "STORAGE_FULL",
    "STORAGE_FULL",
    "OBJECT_EXISTS",
    "UNAVAILABLE",
  ]);
});
