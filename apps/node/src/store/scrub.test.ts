import assert from "node:assert/strict";
import { cp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { rows } from "@anamnesis/ledger";
import type { Row } from "@anamnesis/ledger";
import { AnamnesisError, decodeCertified } from "@anamnesis/protocol";
import type { SignatureCheck } from "@anamnesis/protocol";
import { ChainOnDisk, writerOf } from "@anamnesis/testing/chainOnDisk";
import { province } from "@anamnesis/testing/federation";
import type { Chain } from "../chain.ts";
import { rebuildIfDamaged } from "../embedded/rebuild.ts";
import { ChainStore } from "./chainStore.ts";

let made: ChainOnDisk;

before(async () => {
  made = await ChainOnDisk.make({ pageSlips: 8 });
  // Nearly every index entry is to stand in the file.
  const chain = await made.open(undefined, { tail: { slips: 1, least: 10_000 } });
  await made.prepare(chain);
  for (let block = 0; block < 12; block++) {
    const records = Array.from({ length: 5 }, () => made.record());
    await chain.carry(records.map(({ bytes }) => bytes));
  }
  await chain.stop();
});
after(() => made.remove());

/** A copy of the chain in which every place that holds `bytes` has one bit flipped. */
async function damagedCopy(name: string, bytes: Uint8Array): Promise<string> {
  const folder = join(made.dir, name);
  await rm(folder, { recursive: true, force: true });
  await cp(made.folder(), folder, { recursive: true });
  const file = join(folder, "data.mdb");
  const data = await readFile(file);
  let found = 0;
  for (let at = data.indexOf(bytes); at >= 0; at = data.indexOf(bytes, at + 1)) {
    data[at + (bytes.length >> 1)]! ^= 4;
    found += 1;
  }
  assert.ok(found > 0, "the file holds what is to be damaged");
  await writeFile(file, data);
  return folder;
}

/** What of an entry the log holds and nothing else does. */
const signatureIn = (entry: Uint8Array): Uint8Array =>
  Uint8Array.from(decodeCertified(entry).certificate.signature);

/** What a scrub of a folder finds: a fault in words, or nothing. */
async function scrubbed(folder: string): Promise<string | undefined> {
  const faults: string[] = [];
  const chain = await made.open(undefined, { folder, onFault: (why) => void faults.push(why) });
  try {
    const { fault } = await chain.scrub();
    assert.deepEqual(faults, fault === undefined ? [] : [fault], "a fault is told once, loudly");
    if (fault !== undefined) {
      assert.equal(chain.fault(), fault);
      assert.throws(() => chain.head(), { code: "UNAVAILABLE" });
      await assert.rejects(chain.carry([made.record().bytes]), { code: "UNAVAILABLE" });
    }
    return fault;
  } finally {
    await chain.stop();
  }
}

test("scrub() of a sound chain finds nothing", async (t) => {
  const chain = await made.open();
  t.after(() => chain.stop());
  const { checked, fault } = await chain.scrub();
  assert.equal(fault, undefined);
  assert.ok(checked > 12);
  assert.equal(typeof chain.head().height, "number");
});

test("a chain that is closed does not wait for its scrub, which says nothing of the store then", async (t) => {
  const chain = await made.open();
  const scrubbing = assert.rejects(chain.scrub(), { code: "UNAVAILABLE" });
  await chain.stop();
  await scrubbing;
  const again = await made.open();
  t.after(() => again.stop());
  assert.equal(again.fault(), undefined);
  assert.equal((await again.scrub()).fault, undefined);
});

test("I7: scrub() finds a bit flipped in any kind of entry of the LMDB file", async (t) => {
  const file = await readFile(join(made.folder(), "data.mdb"));
  const store = new ChainStore(made.folder());
  const entries: { what: string; value: Uint8Array }[] = [];
  for (const [what, { prefix }] of Object.entries<Row>(rows)) {
    if (what === "roots") continue; // Without its roots a chain does not open: openChain.test.ts.
    for (const [key, value] of store.state.range(prefix)) {
      // A short value may stand elsewhere too; on disk it follows its key.
      const found = value.length < 64 ? [Buffer.from(key, "latin1"), value] : [value];
      const inFile = Uint8Array.from(Buffer.concat(found));
      if (file.indexOf(inFile) < 0) continue;
      entries.push({ what, value: inFile });
      break;
    }
  }
  assert.ok(entries.length > 12, "the chain has entries of most rows");
  entries.push({ what: "entry of the log", value: signatureIn(store.entry(5)!) });
  entries.push({ what: "app hash of a height", value: Uint8Array.from(store.facts(7)!.appHash) });
  await store.close();
  for (const { what, value } of entries) {
    await t.test(what, async () => {
      const fault = await scrubbed(await damagedCopy("flipped", value));
      assert.notEqual(fault, undefined, `a flipped bit in ${what} went unnoticed`);
    });
  }
});

test("a writer whose state is damaged is rebuilt from its own log at the next start", async () => {
  const store = new ChainStore(made.folder());
  const [, value] = [...store.state.range(rows.session.prefix)].at(0)!;
  const session = Uint8Array.from(value);
  const height = store.height!;
  const { appHash } = store.facts(height)!;
  const wanted = Uint8Array.from(appHash);
  await store.close();
  const folder = await damagedCopy("rebuilt", session);
  assert.notEqual(await scrubbed(folder), undefined);
  const chain = await made.open(undefined, { folder });
  assert.equal(toHex((await chain.headAt(height)).appHash), toHex(wanted));
  assert.equal((await chain.scrub()).fault, undefined);
  const [outcome] = await chain.carry([made.record().bytes]);
  assert.equal(outcome!.code, "OK");
  await chain.stop();
  const kept = (await readdir(made.dir)).filter((name) => name.startsWith("rebuilt.damaged-"));
  assert.equal(kept.length, 1, "the damaged store is kept");
});

test("a writer that lost a slip takes its entry from another member, and refuses to go on without it", async () => {
  const sound = await made.open();
  const [last] = sound.snapshot(({ state }) =>
    [...state.range(rows.slip.prefix, { reverse: true, limit: 1 })].map(([, value]) => value),
  );
  await isTakenBack(sound, await damagedCopy("slip", Uint8Array.from(last!)));
});

test("a writer that lost an entry takes it from another member, and refuses to go on without it", async () => {
  const sound = await made.open();
  const [entry] = await sound.blocks(5, 1, 0);
  await isTakenBack(sound, await damagedCopy("lost", signatureIn(entry!)));
});

/** That damage is found when the chain is opened, or by a scrub. */
async function isFound(folder: string): Promise<void> {
  try {
    assert.notEqual(await scrubbed(folder), undefined);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "STORE_CORRUPT");
  }
}

/** That a damaged writer is rebuilt with the help of a member that is sound, and not without; stops the member. */
async function isTakenBack(sound: Chain, folder: string): Promise<void> {
  await isFound(folder);
  const config = {
    genesis: made.genesis,
    folder,
    verify: async (checks: readonly SignatureCheck[]) => checks.map(verifySignatureRaw),
    isWriter: true,
    now: Date.now,
  };
  await assert.rejects(
    rebuildIfDamaged({ ...config, peers: [] }),
    (error) => error instanceof AnamnesisError && error.code === "STORE_CORRUPT",
  );
  await rebuildIfDamaged({ ...config, peers: [writerOf(() => sound)] });
  const chain = await made.open(undefined, { folder });
  const { height, appHash } = sound.head();
  assert.equal(toHex((await chain.headAt(height)).appHash), toHex(appHash));
  assert.equal((await chain.scrub()).fault, undefined);
  await chain.stop();
  await sound.stop();
}

test("a follower whose store is damaged is rebuilt from the writer", async (t) => {
  const sound = await made.open();
  t.after(() => sound.stop());
  const folder = await damagedCopy("follower", signatureIn((await sound.blocks(3, 1, 0))[0]!));
  const open = () => made.open(province, { folder, writer: writerOf(() => sound) });
  const damaged = await open();
  assert.notEqual((await damaged.scrub()).fault, undefined);
  await damaged.stop();
  const chain = await open();
  t.after(() => chain.stop());
  const head = await chain.headAt(sound.height());
  assert.equal(toHex(head.appHash), toHex(sound.head().appHash));
  assert.equal((await chain.scrub()).fault, undefined);
});
