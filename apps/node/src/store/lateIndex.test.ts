import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { MemoryState, allRows, recount, rows } from "@anamnesis/ledger";
import type { StateView } from "@anamnesis/ledger";
import { Scenario } from "@anamnesis/testing/chainScenario";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { open } from "lmdb";
import { ChainStore } from "./chainStore.ts";

const indices = allRows.filter(({ root }) => root === "index");
/** So little waits, and leaves so slowly, that entries are always on their way to the file. */
const small = { slips: 12, least: 1 };

const entriesOf = (state: StateView, prefix: string, options?: Parameters<StateView["range"]>[1]) =>
  Array.from(state.range(prefix, options), ([key, value]) => [
    key,
    Buffer.from(value).toString("hex"),
  ]);

/** One after another: the life of a chain, and what a store of it would be told to commit. */
function* commits(seed: number, blocks: number) {
  const scenario = new Scenario(seed, "care");
  const { chain } = scenario;
  const { writes, appHash } = chain.machine.initChain();
  yield { height: 0, writes, appHash, time: chain.genesis.time };
  for (let i = 0; i < blocks; i += 1) {
    const { writes: more, appHash: next } = scenario.step().result;
    yield { height: chain.height, writes: more, appHash: next, time: chain.time };
  }
}

for (const seed of [1, 2])
  test(`a store reads the same of its indices wherever their entries lie, seed ${seed}`, async (t) => {
    const folder = await temporaryFolder("late-index-");
    let store = new ChainStore(join(folder, "a"), { tail: small });
    t.after(() => store.close());
    const wanted = new MemoryState();
    for (const commit of commits(seed, 40)) {
      await store.commit(commit);
      wanted.commit(commit.writes);
      if (commit.height % 17 === 16) {
        await store.close();
        store = new ChainStore(join(folder, "a"), { tail: small });
        if (commit.height % 2 === 0) await store.readIndex();
      }
      const { state } = store.snapshot();
      for (const { prefix } of indices) {
        const all = entriesOf(wanted, prefix);
        assert.deepEqual(entriesOf(state, prefix), all, `height ${commit.height}`);
        for (const [key, value] of all)
          assert.equal(Buffer.from(state.get(key!)!).toString("hex"), value);
        const some = all[commit.height % Math.max(1, all.length)]?.[0];
        if (some === undefined) continue;
        for (const under of [prefix, some.slice(0, -6), some.slice(0, 5)])
          for (const options of [
            { after: some },
            { after: some, reverse: true },
            { reverse: true, limit: 2 },
            { limit: 3 },
          ])
            assert.deepEqual(entriesOf(state, under, options), entriesOf(wanted, under, options));
        assert.equal(state.get(`${some.slice(0, -1)}~`), undefined);
      }
    }
    assert.deepEqual(entriesOf(store.snapshot().state, ""), entriesOf(wanted, ""));
    const parts: (readonly [string, Uint8Array])[] = [];
    for await (const part of store.parts()) parts.push(...part);
    assert.deepEqual(entriesOf(new MemoryState(parts), ""), entriesOf(wanted, ""));
    assert.equal(recount(store.snapshot().state).fault, undefined);
    assert.ok((await indexedInFile(join(folder, "a"))) > 0, "no entry ever left for the file");
  });

test("what a copy of the file at any height lacks follows from its slips", async (t) => {
  const folder = await temporaryFolder("late-index-");
  const store = new ChainStore(join(folder, "a"), { tail: small });
  t.after(() => store.close());
  const wanted = new MemoryState();
  for (const commit of commits(4, 40)) {
    await store.commit(commit);
    wanted.commit(commit.writes);
    if (commit.height % 8 !== 7) continue;
    const copy = join(folder, `copy ${commit.height}`);
    await cp(join(folder, "a"), copy, { recursive: true });
    const reader = new ChainStore(copy, { readOnly: true });
    const found = entriesOf(reader.snapshot().state, "");
    await reader.close();
    assert.deepEqual(found, entriesOf(wanted, ""));
  }
});

test("a commit that fails leaves the tail as it was", async (t) => {
  const folder = await temporaryFolder("late-index-");
  const store = new ChainStore(join(folder, "a"), { tail: small });
  t.after(() => store.close());
  const wanted = new MemoryState();
  for (const commit of commits(5, 30)) {
    const unwritable = new Map([...commit.writes, ["x".repeat(3_000), new Uint8Array(1)] as const]);
    if (commit.height % 3 === 1)
      await assert.rejects(store.commit({ ...commit, writes: unwritable }));
    await store.commit(commit);
    wanted.commit(commit.writes);
    assert.deepEqual(entriesOf(store.snapshot().state, ""), entriesOf(wanted, ""));
  }
});

test("more slips indexed than there are, and a slip that is gone, are found when the tail is read", async (t) => {
  const folder = join(await temporaryFolder("late-index-"), "a");
  let store = new ChainStore(folder, { tail: small });
  t.after(() => store.close());
  for (const commit of commits(6, 12)) await store.commit(commit);
  await store.close();
  const file = open({ path: folder, noSubdir: false, encoding: "binary", maxDbs: 4 });
  await file.put("indexed", Buffer.from("100000"));
  await file.close();
  store = new ChainStore(folder);
  await assert.rejects(store.readIndex(), { code: "STORE_CORRUPT" });
  assert.throws(() => store.state.get(rows.slipId.key(new Uint8Array(32))), {
    code: "STORE_CORRUPT",
  });
});

async function indexedInFile(folder: string): Promise<number> {
  const file = open({
    path: folder,
    noSubdir: false,
    encoding: "binary",
    maxDbs: 4,
    readOnly: true,
  });
  const text = file.get("indexed") as Buffer | undefined;
  await file.close();
  return Number(text?.toString() ?? 0);
}
