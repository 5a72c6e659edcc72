import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { PowerLoss } from "@anamnesis/testing/powerLoss";
import { deviceDir } from "./deviceDir.ts";

async function newDevice(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "device-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  return join(dir, "alice");
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("deviceDir() keeps, lists and removes items; what is not there is undefined", async (t) => {
  const device = deviceDir(await newDevice(t));
  assert.deepEqual(await device.list(), []);
  assert.equal(await device.read("identity.json"), undefined);
  await device.write("identity.json", bytes("one"));
  await device.write("00ff-aa", bytes("two"));
  await device.write("identity.json", bytes("three"));
  assert.deepEqual(await device.list(), ["00ff-aa", "identity.json"]);
  assert.equal(String(Buffer.from((await device.read("identity.json")) ?? [])), "three");
  await device.remove("00ff-aa");
  await device.remove("00ff-aa");
  assert.deepEqual(await device.list(), ["identity.json"]);
});

test("deviceDir() makes the folder 0700 and its files 0600", async (t) => {
  const folder = await newDevice(t);
  await deviceDir(folder).write("item", bytes("secret"));
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(join(folder, "item"))).mode & 0o777, 0o600);
});

test("deviceDir() refuses names that could leave the folder", async (t) => {
  const device = deviceDir(await newDevice(t));
  for (const name of ["", ".", "..", "../x", "a/b", "A", "a\0b", "x".repeat(129)]) {
    await assert.rejects(device.read(name), { code: "BAD_REQUEST" }, name);
    await assert.rejects(device.write(name, bytes("x")), { code: "BAD_REQUEST" }, name);
    await assert.rejects(device.remove(name), { code: "BAD_REQUEST" }, name);
  }
});

test("deviceDir() shows no item that is still being written, and leaves no part behind", async (t) => {
  const folder = await newDevice(t);
  const device = deviceDir(folder);
  await device.write("item", bytes("old"));
  await writeFile(join(folder, "_0123456789abcdef.part"), "torn");
  assert.deepEqual(await device.list(), ["item"]);
  await Promise.all(Array.from({ length: 20 }, (_, n) => device.write("item", bytes(`new ${n}`))));
  assert.match(String(Buffer.from((await device.read("item")) ?? [])), /^new \d+$/);
  assert.deepEqual((await readdir(folder)).toSorted(), ["_0123456789abcdef.part", "item"]);
});

test("write() is on disk when it resolves: a loss of power leaves the item, whole", async (t) => {
  const folder = await newDevice(t);
  const device = deviceDir(folder);
  await device.write("first.json", bytes("first"));
  const power = await PowerLoss.over(folder);
  t.after(() => power.end());
  await device.write("identity.json", bytes("one"));
  await device.write("identity.json", bytes("two"));
  await power.strike();
  assert.deepEqual(await device.list(), ["first.json", "identity.json"]);
  assert.equal(String(Buffer.from((await device.read("identity.json")) ?? [])), "two");
});
