import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { join } from "node:path";
import { boxKeypairFromSeed } from "@anamnesis/crypto/box";
import { encodeCanonical, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { findSlip } from "@anamnesis/ledger";
import {
  AnamnesisError,
  NonceMemory,
  decodeCertified,
  limits,
  nodeRoutes,
  parseInstitutionId,
  parseSlipId,
} from "@anamnesis/protocol";
import type { CertificateView } from "@anamnesis/protocol";
import { CallerCheck, RevocationLists, serve } from "@anamnesis/server";
import { ChainOnDisk } from "@anamnesis/testing/chainOnDisk";
import { boxKeyOf, bytesOf, keyOf } from "@anamnesis/testing/keys";
import { hospital } from "@anamnesis/testing/federation";
import { call } from "@anamnesis/testing/requests";
import { until } from "@anamnesis/testing/until";
import type { Reply } from "@anamnesis/testing/requests";
import type { Verify } from "../verify/verifiedGroups.ts";
import { Mailbox } from "../mailbox/mailbox.ts";
import { chainRoutes } from "../routes/chainRoutes.ts";
import { ChainStore } from "../store/chainStore.ts";
import { Traces } from "../traces.ts";

let made: ChainOnDisk;

before(async () => {
  made = await ChainOnDisk.make();
});
after(() => made.remove());

let folders = 0;
const newFolder = (): string => join(made.dir, `chain-${(folders += 1)}`);

/** Signatures that are verified when told so: what waits, waits for sure. */
class Gate {
  #isShut = false;
  #waiting: (() => void)[] = [];

  readonly verify: Verify = async (checks) => {
    if (this.#isShut) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return checks.map(verifySignatureRaw);
  };

  shut(): void {
    this.#isShut = true;
  }

  open(): void {
    this.#isShut = false;
    for (const go of this.#waiting.splice(0)) go();
  }
}

test("H-2: with too much work waiting a node answers 429 and when to come back, reads on, and loses nothing", async (t) => {
  const gate = new Gate();
  const chain = await made.open(undefined, { folder: newFolder(), verify: gate.verify });
  t.after(() => chain.stop());
  await made.prepare(chain);
  const now = Date.now;
  const mailbox = await Mailbox.open(newFolder(), now);
  t.after(() => mailbox.close());
  const traces = new Traces(newFolder(), { traceKey: boxKeyOf("traces") });
  t.after(() => traces.close());
  const callers = new CallerCheck<CertificateView>({
    now,
    nonces: new NonceMemory(),
    certificateOf: () => assert.fail("Nobody signs here"),
  });
  const { listChains, postSlip, postBatch, postGroup, postSession, getBlocks } = nodeRoutes;
  const { getHead, getHeadAt } = nodeRoutes;
  const written = { listChains, postSlip, postBatch, postGroup, postSession };
  const routes = { ...written, getBlocks, getHead, getHeadAt };
  const server = await serve(
    "node",
    routes,
    chainRoutes({
      institution: parseInstitutionId(hospital),
      keys: { signing: keyOf(hospital), box: await boxKeypairFromSeed(bytesOf("box")) },
      chains: new Map([[made.genesis.chain, chain]]),
      vaults: new Set(),
      mailbox,
      traces,
      revocations: new RevocationLists({ registry: "", cas: made.genesis.cas, now }),
      now,
    }),
    { logLevel: "silent", now, callers },
  );
  t.after(() => server.stop());
  const url = `${server.address}/chains/${made.genesis.chain}`;
  /** A full batch: one record, and what need not be signed to take up room. */
  const batch = (): Promise<Reply> => {
    const others = Array.from({ length: limits.batchSlips - 1 }, (_, i) => Uint8Array.of(i & 255));
    return call(`${url}/batch`, { body: encodeCanonical([made.record().bytes, ...others]) });
  };

  gate.shut();
  let answered = 0;
  const counted = async (reply: Promise<Reply>): Promise<Reply> => {
    const got = await reply;
    answered += 1;
    return got;
  };
  // The queue holds 16 batches; of 17, one is refused at once and the others wait.
  const waiting = Array.from({ length: 17 }, () => counted(batch()));
  await until("one is refused", () => answered === 1);
  const one = await call(`${url}/slips`, { body: made.record().bytes });
  assert.deepEqual([one.status, one.json.error?.code], [429, "BUSY"]);
  assert.equal(one.headers.get("retry-after"), "1");
  assert.equal((await call(`${url}/head`)).status, 200);

  gate.open();
  const replies = await Promise.all(waiting);
  const busy = replies.filter(({ status }) => status === 429);
  assert.equal(busy.length, 1);
  const records = replies
    .filter(({ status }) => status === 200)
    .map(({ json }) => (json["results"] as { id: string; code: string }[])[0]!);
  assert.equal(records.length, 16);
  const lost = chain.snapshot(({ state }) =>
    records.filter(({ id, code }) => code !== "OK" || !findSlip(state, parseSlipId(id))),
  );
  assert.deepEqual(lost, []);
  assert.equal((await call(`${url}/slips`, { body: made.record().bytes })).status, 200);
});

test("when a block cannot be made, everybody who waits is told, and the chain serves no heads", async (t) => {
  const faults: string[] = [];
  const chain = await made.open(undefined, {
    folder: newFolder(),
    onFault: (why) => void faults.push(why),
  });
  t.after(() => chain.stop());
  await made.prepare(chain);
  const broken = t.mock.method(ChainStore.prototype, "commit", async () => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    throw new AnamnesisError("STORE_CORRUPT", "The disk answers nonsense");
  });
  const codes: string[] = [];
  const carry = (): Promise<void> =>
    chain.carry([made.record().bytes]).then(
      () => void codes.push("OK"),
      (error: unknown) => void codes.push((error as AnamnesisError).code),
    );
  // The second comes while the first one's block is being written.
  const first = carry();
  await until("a block is being written", () => broken.mock.callCount() > 0);
  await Promise.all([first, carry()]);
  assert.deepEqual(codes, ["UNAVAILABLE", "UNAVAILABLE"]);
  assert.equal(faults.length, 1);
  assert.throws(() => chain.head(), { code: "UNAVAILABLE" });
  await assert.rejects(chain.carry([made.record().bytes]), { code: "UNAVAILABLE" });
});

test("a full disk refuses one block, and a due page is not tried again and again meanwhile", async (t) => {
  const paged = await ChainOnDisk.make({ pageSeconds: 1 });
  t.after(() => paged.remove());
  let now = Date.now();
  const chain = await paged.open(undefined, { now: () => now });
  const certify = paged.slip("identity.certify", paged.certificate, "care").bytes;
  assert.equal((await chain.carry([certify]))[0]!.code, "OK");
  const { height } = chain.head();
  const visit = { institution: hospital, key: keyOf("visit").publicKey };
  const open = paged.slip("session.open", visit, "visit").bytes;
  const stillFull = t.mock.method(ChainStore.prototype, "commit", () =>
    Promise.reject(new AnamnesisError("STORAGE_FULL", "The disk is full")),
  );
  now += 10_000;
  await assert.rejects(chain.carry([open]), { code: "STORAGE_FULL" });
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok(stillFull.mock.callCount() <= 3, `${stillFull.mock.callCount()} tries in 200 ms`);
  stillFull.mock.restore();
  await until("the page is sealed", () => chain.height() > height);
  assert.equal((await chain.carry([open]))[0]!.code, "OK");
  assert.equal(chain.fault(), undefined);
});

test("D8: a halt burns nothing here: block time is the writer's clock, in the first entry after it, too", async (t) => {
  let now = Date.now();
  const chain = await made.open(undefined, { folder: newFolder(), now: () => now });
  t.after(() => chain.stop());
  await made.prepare(chain);
  const { height } = chain.head();
  now += 20 * 60_000; // More than two heartbeats, and than any notAfter lies ahead.
  const [outcome] = await chain.carry([made.record(now).bytes]);
  assert.deepEqual([outcome!.code, outcome!.height], ["OK", height + 1]);
  const [entry] = await chain.blocks(height, 1, 0);
  assert.equal(decodeCertified(entry!).entry.time, now);
});

test("I1: what was acknowledged is there after a restart, and a slip that comes again is known", async (t) => {
  const folder = newFolder();
  const chain = await made.open(undefined, { folder });
  t.after(() => chain.stop());
  await made.prepare(chain);
  const slips = Array.from({ length: 20 }, () => made.record());
  for (const { code } of await chain.carry(slips.map(({ bytes }) => bytes)))
    assert.equal(code, "OK");
  const before = chain.head();
  await chain.stop();
  const again = await made.open(undefined, { folder });
  t.after(() => again.stop());
  assert.equal(toHex(again.head().appHash), toHex(before.appHash));
  const outcomes = await again.carry(slips.map(({ bytes }) => bytes));
  assert.deepEqual(new Set(outcomes.map(({ code }) => code)), new Set(["REPLAYED"]));
  assert.equal(again.height(), before.height);
});

test("what reads a chain that is being stopped is refused, and nothing ends the process", async () => {
  const chain = await made.open(undefined, { folder: newFolder() });
  await made.prepare(chain);
  const carried = chain.carry([made.record().bytes]).catch((error: unknown) => error);
  const waiting = chain.blocks(1_000, 1, 10_000).catch((error: unknown) => error);
  const stopped = chain.stop();
  for (const outcome of [await carried, await waiting])
    if (outcome instanceof Error) assert.equal((outcome as AnamnesisError).code, "UNAVAILABLE");
  await stopped;
  assert.throws(() => chain.snapshot(() => 1), { code: "UNAVAILABLE" });
  assert.throws(() => chain.head(), { code: "UNAVAILABLE" });
  // LMDB ends its read transactions from a timer.
  await new Promise((resolve) => setTimeout(resolve, 20));
});
