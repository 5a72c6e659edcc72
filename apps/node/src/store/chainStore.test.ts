import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, open, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findSlip, rows } from "@anamnesis/ledger";
import { certifyEntry, encodeCertified, genesisJson } from "@anamnesis/protocol";
import type { SlipId } from "@anamnesis/protocol";
import { ChainOnDisk } from "@anamnesis/testing/chainOnDisk";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { hex } from "@anamnesis/testing/testChain";
import { ChainStore } from "./chainStore.ts";
import { encodeKept } from "./keptEntry.ts";

let made: ChainOnDisk;

before(async () => {
  made = await ChainOnDisk.make();
});
after(() => made.remove());

/** A key of a row that the store keeps in memory. */
const kept = rows.institution.key("a");
const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));

test("range() gives a prefix in key order, backwards, from a key on, at most so many", async (t) => {
  const store = new ChainStore(join(made.dir, "range"));
  t.after(() => store.close());
  const writes = new Map(
    ["a/1", "a/2", "a/3", "b/1", "a0"].map((key) => [key, bytes(key)] as const),
  );
  await store.commit({ height: 0, writes, appHash: new Uint8Array(32), time: 1 });
  const keys = (prefix: string, options?: Parameters<typeof store.state.range>[1]): string[] =>
    Array.from(store.state.range(prefix, options), ([key]) => key);
  assert.deepEqual(keys("a/"), ["a/1", "a/2", "a/3"]);
  assert.deepEqual(keys("a/", { reverse: true }), ["a/3", "a/2", "a/1"]);
  assert.deepEqual(keys("a/", { after: "a/1" }), ["a/2", "a/3"]);
  assert.deepEqual(keys("a/", { after: "a/3", reverse: true }), ["a/2", "a/1"]);
  assert.deepEqual(keys("a/", { limit: 2 }), ["a/1", "a/2"]);
  assert.deepEqual(keys("c/"), []);
});

test("range() reads every key that begins with a prefix, whatever its bytes", async (t) => {
  const store = new ChainStore(join(made.dir, "bytes"));
  t.after(() => store.close());
  const keys = ["a", "a\0", "a\x7f", "a\xff", "a\xff\xff", "b", "\xff", "\xff\xff"];
  const writes = new Map(keys.map((key) => [key, bytes("")] as const));
  await store.commit({ height: 0, writes, appHash: new Uint8Array(32), time: 1 });
  const read = (prefix: string, reverse = false) =>
    Array.from(store.state.range(prefix, { reverse }), ([key]) => key);
  for (const prefix of ["", "a", "a\xff", "\xff", "\xff\xff", "c"]) {
    const want = keys.filter((key) => key.startsWith(prefix));
    assert.deepEqual(read(prefix), want);
    assert.deepEqual(read(prefix, true), want.toReversed());
  }
  assert.equal(store.state.get("a\0")?.length, 0, "an empty value is there");
  assert.equal(store.state.get("a\x01"), undefined);
});

test("commit() replaces, deletes, and is all there after a restart", async (t) => {
  const folder = join(made.dir, "restart");
  const first = new ChainStore(folder);
  assert.equal(first.height, undefined);
  const appHash = new Uint8Array(32).fill(1);
  await first.commit({
    height: 0,
    writes: new Map([
      [kept, bytes("1")],
      ["x", bytes("1")],
    ]),
    appHash,
    time: 1,
  });
  assert.deepEqual(Buffer.from(first.state.get(kept)!).toString(), "1");
  const { chain, writer } = made.genesis;
  const certified = certifyEntry(
    { chain, height: 1, time: 2, proposer: writer, groups: [], absent: [], misbehaviour: [] },
    { prevHash: new Uint8Array(32), appHash },
    signer(keyOf(writer)),
  );
  await first.commit({
    height: 1,
    writes: new Map([
      [kept, bytes("2")],
      ["x", undefined],
    ]),
    appHash,
    time: 2,
    kept: encodeKept(certified.entry, certified.certificate, { first: 0, groups: [] }),
  });
  assert.deepEqual(Buffer.from(first.state.get(kept)!).toString(), "2");
  assert.equal(first.state.get("x"), undefined);
  await first.close();
  const second = new ChainStore(folder);
  t.after(() => second.close());
  assert.equal(second.height, 1);
  assert.equal(hex(second.entry(1)!), hex(encodeCertified(certified)));
  assert.equal(second.facts(1)!.time, 2);
  assert.equal(Buffer.from(second.state.get(kept)!).toString(), "2");
  assert.equal(second.snapshot().height, 1);
});

test("beyond its quota a chain answers STORAGE_FULL, reads on, and resumes when it gets room", async (t) => {
  const folder = join(made.dir, "quota");
  const small = await made.open(undefined, { folder, quotaBytes: 600_000 });
  await made.prepare(small);
  const acknowledged: SlipId[] = [];
  let refused: unknown;
  for (let i = 0; i < 400 && refused === undefined; i++) {
    const records = Array.from({ length: 16 }, () => made.record());
    try {
      const outcomes = await small.carry(records.map((slip) => slip.bytes));
      acknowledged.push(...outcomes.map(({ id }) => id!));
    } catch (error) {
      refused = error;
    }
  }
  assert.equal((refused as { code?: string }).code, "STORAGE_FULL");
  assert.ok(acknowledged.length > 16);
  assert.equal(small.fault(), undefined);
  assert.equal(small.head().height, small.height());
  const missing = small.snapshot(({ state }) =>
    acknowledged.filter((id) => findSlip(state, id) === undefined),
  );
  assert.deepEqual(missing, []);
  await small.stop();
  const large = await made.open(undefined, { folder, quotaBytes: 100_000_000 });
  t.after(() => large.stop());
  const [outcome] = await large.carry([made.record().bytes]);
  assert.equal(outcome!.code, "OK");
  assert.equal((await large.scrub()).fault, undefined);
});

test("a torn file is opened at a good height or refused, never served wrong", async (t) => {
  const chain = await made.open();
  await made.prepare(chain);
  for (let i = 0; i < 20; i++)
    await chain.carry(Array.from({ length: 8 }, () => made.record().bytes));
  const { height } = chain.head();
  await chain.stop();
  const file = join(made.folder(), "data.mdb");
  const { size } = await stat(file);
  const genesisFile = join(made.dir, "genesis.json");
  await writeFile(genesisFile, genesisJson(made.genesis));
  const tear: Record<string, (path: string) => Promise<void>> = {
    "the last byte is gone": (path) => truncate(path, size - 1),
    "the last page is gone": (path) => truncate(path, size - 4_096),
    "half the file is gone": (path) => truncate(path, size / 2),
    "the last 4 KiB are zeros": (path) => zero(path, size - 4_096, 4_096),
    "64 KiB in the middle are zeros": (path) => zero(path, (size >> 13) << 12, 65_536),
    "the newer meta page is zeros": (path) => zero(path, 4_096, 4_096),
    "the file is empty": (path) => truncate(path, 0),
  };
  for (const [how, damage] of Object.entries(tear)) {
    await t.test(how, async () => {
      const folder = join(made.dir, how.replaceAll(" ", "-"));
      await cp(made.folder(), folder, { recursive: true });
      await damage(join(folder, "data.mdb"));
      const result = await inspected(folder, genesisFile);
      if (result === undefined) return; // Refused: the process ended without serving.
      // Whatever serves holds a prefix of the chain, and every entry of it leads to its app hash.
      assert.ok(result.fault !== undefined || result.height <= height);
    });
  }
});

async function zero(path: string, at: number, length: number): Promise<void> {
  const handle = await open(path, "r+");
  await handle.write(new Uint8Array(length), 0, length, at);
  await handle.close();
}

/** Opens and scrubs a folder in a process of its own, which a torn map may kill. */
function inspected(
  folder: string,
  genesisFile: string,
): Promise<{ height: number; fault?: string } | undefined> {
  const program = fileURLToPath(
    new URL("../../../../tests/simulation/scrubProcess.ts", import.meta.url),
  );
  const args = [program, folder, genesisFile, hex(keyOf(made.genesis.writer).secretKey)];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: 30_000 }, (_error, stdout) => {
      resolve(
        stdout === "" ? undefined : (JSON.parse(stdout) as { height: number; fault?: string }),
      );
    });
  });
}
