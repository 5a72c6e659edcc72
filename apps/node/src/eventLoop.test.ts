import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeMachine } from "@anamnesis/ledger";
import { limits, makeGroup } from "@anamnesis/protocol";
import { ChainOnDisk, writerOf } from "@anamnesis/testing/chainOnDisk";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { LoopWatch } from "@anamnesis/testing/loopWatch";
import { province } from "@anamnesis/testing/federation";
import { Application } from "./application.ts";
import type { Chain } from "./chain.ts";
import { ChainStore } from "./store/chainStore.ts";
import { markDamaged } from "./store/damage.ts";
import { VerifierPool } from "./verify/verifierPool.ts";

const SLIPS = 10_240;
const BATCH = 512;
/** Design section 10, D10. */
const LONGEST_MS = 100;

let made: ChainOnDisk;
let pool: VerifierPool;
let watch: LoopWatch;

/** The chain as a node opens it: signatures are verified in a thread. */
const open = (institution?: string, options: Parameters<ChainOnDisk["open"]>[1] = {}) =>
  made.open(institution, { verify: (checks) => pool.verify(checks), ...options });

before(async () => {
  made = await ChainOnDisk.make();
  pool = new VerifierPool();
  const chain = await open();
  await made.prepare(chain);
  for (let left = SLIPS; left > 0; left -= BATCH)
    await chain.carry(Array.from({ length: BATCH }, () => made.record().bytes));
  await chain.stop();
  watch = new LoopWatch();
});
after(async () => {
  watch.stop();
  await pool.stop();
  await made.remove();
});

async function isBounded(what: string, work: () => Promise<void>): Promise<void> {
  watch.longestMs();
  await work();
  const longest = watch.longestMs();
  assert.ok(longest < LONGEST_MS, `${what} held the event loop for ${longest.toFixed(0)} ms`);
}

test(`D10: with ${SLIPS} slips on the chain, neither opening, scrub, snapshot nor a large entry holds the event loop`, async (t) => {
  let chain: Chain | undefined;
  await isBounded("opening", async () => {
    chain = await open();
  });
  await isBounded("a scrub", async () => {
    assert.equal((await chain!.scrub()).fault, undefined);
  });
  await chain!.stop();
  const store = new ChainStore(made.folder());
  t.after(() => store.close());
  const application = new Application({
    machine: makeMachine(made.genesis),
    store,
    verify: (checks) => pool.verify(checks),
    now: Date.now,
  });
  let entries = 0;
  await isBounded("a snapshot", async () => {
    for await (const part of application.snapshot()) entries += part.length;
  });
  assert.ok(entries > SLIPS);
  const { height } = application.info();
  const groups = Array.from({ length: 100 }, () =>
    makeGroup(
      made.genesis.chain,
      made.genesis.writer,
      Array.from({ length: limits.groupSlips }, () => made.record().bytes),
      signer(keyOf(made.genesis.writer)),
    ),
  );
  const entry = {
    chain: made.genesis.chain,
    height: height + 1,
    time: Date.now(),
    proposer: made.genesis.writer,
    groups,
    absent: [],
    misbehaviour: [],
  };
  await isBounded("executing a large entry", async () => {
    const { results } = await application.finalize(entry);
    assert.ok(results.flat().every(({ code }) => code === "OK"));
  });
});

test("D10: neither a follower that catches up nor a rebuild holds the event loop", async () => {
  const writer = await open();
  const { height } = writer.head();
  await isBounded("catching up", async () => {
    const follower = await open(province, { writer: writerOf(() => writer) });
    while (follower.height() < height) await follower.headAt(height).catch(() => undefined);
    await follower.stop();
  });
  await writer.stop();
  await markDamaged(made.folder(), { fault: "said so", height });
  await isBounded("a rebuild", async () => {
    const chain = await open();
    assert.ok(chain.height() >= height);
    await chain.stop();
  });
});
