import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { fromBase64url, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { makeMachine } from "@anamnesis/ledger";
import { certifyEntry, encodeCertified, parseGenesis } from "@anamnesis/protocol";
import type { CertifiedEntry, Genesis, InstitutionId, LogEntry } from "@anamnesis/protocol";
import { keyOf, signer } from "@anamnesis/testing/keys";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { until } from "@anamnesis/testing/until";
import { Application } from "./application.ts";
import type { Executed } from "./application.ts";
import type { Chain } from "./chain.ts";
import type { Peer } from "./embedded/peer.ts";
import { openChain } from "./openChain.ts";
import type { ChainConfig } from "./openChain.ts";
import { replay } from "./replay.ts";
import { ChainStore } from "./store/chainStore.ts";
import { markDamaged } from "./store/damage.ts";

interface GoldenLog {
  readonly kind: string;
  readonly genesis: object;
  readonly blocks: readonly {
    readonly time: number;
    readonly groups: readonly string[];
    readonly appHash: string;
  }[];
}
const vectors = new URL("../../../tests/vectors/ledger-log.json", import.meta.url);
const { logs } = JSON.parse(await readFile(vectors, "utf8")) as { logs: readonly GoldenLog[] };
const dir = await temporaryFolder("replay-");
after(() => rm(dir, { recursive: true, force: true }));

const verify: ChainConfig["verify"] = async (checks) => checks.map(verifySignatureRaw);

/** What an application without a log of its own makes of an entry, with a store that is thrown away. */
class Recorder {
  readonly genesis: Genesis;
  readonly entries: CertifiedEntry[] = [];
  readonly #store: ChainStore;
  readonly #application: Application;

  constructor(genesis: Genesis, folder: string) {
    this.genesis = genesis;
    this.#store = new ChainStore(folder);
    const machine = makeMachine(genesis);
    this.#application = new Application({ machine, store: this.#store, verify, now: Date.now });
  }

  begin = (): Promise<void> => this.#application.initChain();

  /** Executes the next entry, and certifies what it led to as the writer would. */
  async add(entry: Partial<LogEntry>): Promise<Executed> {
    const { chain, writer, time } = this.genesis;
    const last = this.entries.at(-1);
    const whole: LogEntry = {
      chain,
      height: this.entries.length + 1,
      time: last?.entry.time ?? time,
      proposer: writer,
      groups: [],
      absent: [],
      misbehaviour: [],
      ...entry,
    };
    const executed = await this.#application.finalize(whole);
    await this.#application.commit({ time: whole.time });
    const prevHash = last?.hash ?? new Uint8Array(32);
    const link = { prevHash, appHash: executed.appHash };
    this.entries.push(certifyEntry(whole, link, signer(keyOf(writer))));
    return executed;
  }

  close = (): Promise<void> => this.#store.close();
}

/** Whoever holds a recorded log. */
const holderOf = (entries: readonly CertifiedEntry[]): Peer => ({
  blocks: async (after, limit, _waitMs, signal) => {
    const found = entries.slice(after, after + limit).map(encodeCertified);
    if (found.length === 0)
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    return found;
  },
  offer: () => Promise.reject(new Error("takes nothing")),
});

for (const { kind, genesis: document, blocks } of logs) {
  test(`I2: one recorded log of a ${kind} chain leads to one app hash through follower, recovery and rebuild, by one replay`, async (t) => {
    const genesis = parseGenesis(JSON.stringify(document));
    const recorder = new Recorder(genesis, join(dir, kind));
    await recorder.begin();
    for (const { time, groups, appHash } of blocks) {
      const executed = await recorder.add({ time, groups: groups.map(fromBase64url) });
      assert.equal(toHex(executed.appHash), appHash);
    }
    // What no member of good will proposes, and what another engine may have decided all the same.
    const [first] = blocks.flatMap((block) => block.groups).map(fromBase64url);
    const broken = Uint8Array.from(first!, (byte, i) =>
      i === first!.length - 1 ? byte ^ 1 : byte,
    );
    const { results } = await recorder.add({
      groups: [Uint8Array.of(1), broken, new Uint8Array(600_000)],
      absent: [genesis.members[1]!.id],
      misbehaviour: [genesis.members[2]!.id],
    });
    assert.deepEqual(
      results.map((codes) => new Set(codes.map(({ code }) => code))),
      [["GROUP_MALFORMED"], ["CARRIER_SIGNATURE"], ["GROUP_TOO_LARGE"]].map(
        (codes) => new Set(codes),
      ),
    );
    await recorder.close();

    const { entries } = recorder;
    const { height } = entries.at(-1)!.entry;
    const want = toHex(entries.at(-1)!.certificate.appHash);
    const open = (institution: InstitutionId, more: Partial<ChainConfig>): Promise<Chain> =>
      openChain({
        genesis,
        institution,
        signing: keyOf(institution),
        folder: join(dir, `${kind}-${institution}`),
        verify,
        now: Date.now,
        ...more,
      });
    const check = async (chain: Chain): Promise<void> => {
      t.after(() => chain.stop());
      await until("it has every height", () => chain.height() >= height, {
        progress: () => chain.height(),
      });
      const { appHash } = await chain.headAt(height);
      assert.equal(toHex(appHash), want);
      assert.equal((await chain.scrub()).fault, undefined);
      await chain.stop();
    };
    const peer = holderOf(entries);
    const follower = genesis.members.find(({ id }) => id !== genesis.writer)!.id;
    await check(await open(follower, { writer: peer }));
    await check(await open(genesis.writer, { members: [peer] }));
    await markDamaged(join(dir, `${kind}-${genesis.writer}`), { fault: "said so", height });
    await check(await open(genesis.writer, { members: [] }));
  });
}

test("replay() leaves nothing of an entry that leads elsewhere", async (t) => {
  const { genesis: document, blocks } = logs[0]!;
  const genesis = parseGenesis(JSON.stringify(document));
  const store = new ChainStore(join(dir, "elsewhere"));
  t.after(() => store.close());
  const application = new Application({
    machine: makeMachine(genesis),
    store,
    verify,
    now: Date.now,
  });
  await application.initChain();
  const [{ time, groups, appHash }] = blocks as [GoldenLog["blocks"][number]];
  const { chain, writer } = genesis;
  const entry = { chain, height: 1, time, proposer: writer, absent: [], misbehaviour: [] };
  const recorded = { entry: { ...entry, groups: groups.map(fromBase64url) } };
  await assert.rejects(
    replay(application, { ...recorded, appHash: new Uint8Array(32) }, { time }),
    { code: "APP_HASH_MISMATCH" },
  );
  assert.equal(application.info().height, 0);
  const right = Uint8Array.from(Buffer.from(appHash, "hex"));
  await (
    await replay(application, { ...recorded, appHash: right }, { time })
  ).committed;
  assert.equal(application.info().height, 1);
});
