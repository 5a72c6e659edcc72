import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomBytes, utf8Decode } from "@anamnesis/crypto/verify";
import { MemoryBlobDir } from "./blobDir.ts";
import { IDENTITY_FILE, createDevice, isDemoDevice, openDevice } from "./device.ts";

const identity = () =>
  ({
    role: "patient",
    name: "alice",
    institution: "general-hospital",
    seed: randomBytes(32),
  }) as const;
const visitTag = { category: "laboratory", tag: randomBytes(16) };
const item = { time: 7, text: "Dr Li looked" };

describe("device", () => {
  test("openDevice() opens with the passphrase alone", async () => {
    const dir = new MemoryBlobDir();
    const made = await createDevice(dir, identity(), { passphrase: "correct horse" });
    const opened = await openDevice(dir, { passphrase: "correct horse" });
    assert.deepEqual(opened.seed, made.seed);
    assert.equal(opened.demo, false);
    assert.equal(await isDemoDevice(dir), false);
    await assert.rejects(openDevice(dir), { code: "PASSPHRASE_REQUIRED" });
    await assert.rejects(openDevice(dir, { passphrase: "correct horsf" }), {
      code: "PASSPHRASE_WRONG",
    });
    await assert.rejects(createDevice(dir, identity(), { passphrase: "other" }), {
      code: "DEVICE_EXISTS",
    });
    await assert.rejects(openDevice(new MemoryBlobDir(), {}), { code: "NOT_FOUND" });
  });

  test("the identity file shows neither name nor seed, and a demo file says what it is", async () => {
    const [locked, demo] = [new MemoryBlobDir(), new MemoryBlobDir()];
    await createDevice(locked, identity(), { passphrase: "correct horse" });
    await createDevice(demo, identity(), { demo: true });
    const text = utf8Decode((await locked.read(IDENTITY_FILE))!);
    assert.doesNotMatch(text, /alice|general-hospital|seed/);
    assert.match(utf8Decode((await demo.read(IDENTITY_FILE))!), /"demo": true[^]*not secret/);
    assert.equal((await openDevice(demo)).demo, true);
    assert.equal(await isDemoDevice(demo), true);
  });

  test("openDevice() refuses a file with cheap or enormous passphrase parameters, or cut off", async () => {
    const dir = new MemoryBlobDir();
    await createDevice(dir, identity(), { passphrase: "correct horse" });
    const file = utf8Decode((await dir.read(IDENTITY_FILE))!);
    for (const changed of [
      file.replace("32768", "2"),
      file.replace("32768", "1073741824"),
      file.replace("32768", "32769"),
      file.slice(0, 40),
      "[]",
    ]) {
      await dir.write(IDENTITY_FILE, new TextEncoder().encode(changed));
      await assert.rejects(
        openDevice(dir, { passphrase: "correct horse" }),
        (error: { code?: string }) =>
          ["STORE_CORRUPT", "UNSUPPORTED_VERSION"].includes(error.code ?? ""),
      );
    }
  });

  test("items are sealed each in a file of its own, whose name says nothing", async () => {
    const dir = new MemoryBlobDir();
    const device = await createDevice(dir, identity(), { demo: true });
    await device.items.put("lookup", "alice's secret key of the item", item);
    const [name = ""] = (await dir.list()).filter((file) => file !== IDENTITY_FILE);
    assert.match(name, /^[0-9a-f]{16}-[0-9a-f]{48}$/);
    assert.ok(!Buffer.from((await dir.read(name))!).includes("Dr Li"));
    assert.deepEqual(await device.items.get("lookup", "alice's secret key of the item"), item);
    await device.items.remove("lookup", "alice's secret key of the item");
    assert.deepEqual(await device.items.all("lookup"), []);
  });

  test("two processes see each other's items at once, kinds apart", async () => {
    const dir = new MemoryBlobDir();
    await createDevice(dir, identity(), { demo: true });
    const [one, two] = await Promise.all([openDevice(dir), openDevice(dir)]);
    await one.items.put("lookup", "1", item);
    await two.items.put("lookup", "2", { ...item, time: 8 });
    await two.items.put("rules", "rules", { answerTokenRequests: false });
    assert.deepEqual(
      (await one.items.all("lookup")).map(({ time }) => time).toSorted((a, b) => a - b),
      [7, 8],
    );
    assert.deepEqual(await one.items.all("rules"), [{ answerTokenRequests: false }]);
  });

  test("any flipped bit, another name or another device's item is found", async () => {
    const dir = new MemoryBlobDir();
    const device = await createDevice(dir, identity(), { demo: true });
    await device.items.put("lookup", "1", item);
    await device.items.put("lookup", "2", { time: 9, text: visitTag.category });
    const [first = "", second = ""] = (await dir.list()).filter((file) => file !== IDENTITY_FILE);
    const bytes = (await dir.read(first))!;
    for (const at of [0, 12, bytes.length - 1]) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1;
      await dir.write(first, flipped);
      await assert.rejects(device.items.all("lookup"), { code: "STORE_CORRUPT" });
    }
    await dir.write(first, (await dir.read(second))!);
    await assert.rejects(device.items.all("lookup"), { code: "STORE_CORRUPT" });
  });
});
