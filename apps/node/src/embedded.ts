import { AnamnesisError, blockHash, decodeBlock, makeBlock, makeGroup } from "@anamnesis/protocol";
import type { Group } from "@anamnesis/protocol";
import { shuffledLots, sift } from "./carrying.ts";
import type { Waiting } from "./carrying.ts";
import type { Chain, SlipOutcome } from "./chain.ts";
import type { ChainKeeper } from "./chainKeeper.ts";
import type { Verify } from "./engine.ts";

/** Slips in one block: enough for group commit, few enough that nobody waits long. */
const BLOCK_SLIPS = 2_048;
/** Slips that may wait; beyond, callers are told to come back (429). */
const QUEUE_SLIPS = 16_384;

interface WaitingGroup {
  readonly group: Group;
  readonly resolve: (result: { height: number; results: SlipOutcome[] }) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The embedded engine's writer. Whatever waits when the last block is durable makes the next one, so that one fsync
 * serves many; signatures of the next block are verified in other threads meanwhile. An answer is given after the fsync.
 */
export function openWriter(keeper: ChainKeeper, verify: Verify): Chain {
  const { genesis, institution, engine, store, now } = keeper.config;
  const slips: Waiting[] = [];
  const groups: WaitingGroup[] = [];
  let judging = 0;
  let turning = false;
  let pageTimer: NodeJS.Timeout | undefined;
  let stopped = false;

  const waiting = (): number =>
    slips.length + judging + groups.reduce((sum, { group }) => sum + group.slips.length, 0);

  const assertOpen = (coming: number): void => {
    keeper.assertServing();
    if (stopped) throw new AnamnesisError("UNAVAILABLE", "The node is stopping");
    if (waiting() + coming > QUEUE_SLIPS)
      throw new AnamnesisError("BUSY", "Too many slips wait; come back in a second");
    store.assertRoom();
  };

  async function carry(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    assertOpen(bytes.length);
    judging += bytes.length;
    const sifted = await sift(bytes, {
      machine: engine.machine,
      state: store.state,
      carrier: institution,
      verify,
      advise: (alone) => engine.machine.admit(store.state, alone, now())[0]?.code ?? "OK",
    }).finally(() => {
      judging -= bytes.length;
    });
    const outcomes = sifted.map((entry) =>
      "code" in entry
        ? Promise.resolve(entry)
        : new Promise<SlipOutcome>(
            (resolve, reject) => void slips.push({ slip: entry, resolve, reject }),
          ),
    );
    void turn();
    return Promise.all(outcomes);
  }

  async function takeGroup(bytes: Uint8Array): Promise<{ height: number; results: SlipOutcome[] }> {
    assertOpen(1);
    const group = await engine.checkGroup(bytes);
    const result = new Promise<{ height: number; results: SlipOutcome[] }>(
      (resolve, reject) => void groups.push({ group, resolve, reject }),
    );
    void turn();
    return result;
  }

  /** Makes blocks as long as something waits. */
  async function turn(): Promise<void> {
    if (turning || stopped) return;
    turning = true;
    try {
      while (!stopped && (slips.length > 0 || groups.length > 0 || pageIsDue()))
        await makeNextBlock();
    } finally {
      turning = false;
    }
    schedulePage();
  }

  async function makeNextBlock(): Promise<void> {
    const taken = slips.splice(0, BLOCK_SLIPS);
    const others = groups.splice(0);
    const lots = shuffledLots(taken);
    try {
      const own = lots.map((lot) => groupOf(lot));
      const all = [...own, ...others.map(({ group }) => group)];
      const block = {
        height: keeper.height + 1,
        time: Math.max(lastTime(), now()),
        proposer: institution,
        groups: all,
      };
      const result = engine.finalize(block);
      const bytes = all.map((group) => group.bytes);
      await keeper.commit(
        makeBlock(
          {
            chain: genesis.chain,
            height: block.height,
            time: block.time,
            proposer: institution,
            prevHash: lastHash(),
            groups: bytes,
            appHash: result.appHash,
          },
          keeper.sign,
        ),
        result,
      );
      const outcomes = result.results.map((results) =>
        results.map(({ id, code }): SlipOutcome => ({ id, code, height: block.height })),
      );
      for (const [g, lot] of lots.entries())
        for (const [s, { resolve }] of lot.entries()) resolve(outcomes[g]![s]!);
      for (const [g, { resolve }] of others.entries())
        resolve({ height: block.height, results: outcomes[lots.length + g]! });
    } catch (error) {
      if (!(error instanceof AnamnesisError)) keeper.stopServing("a block could not be made");
      for (const { reject } of [...taken, ...others]) reject(error);
      // A full disk refuses this block only; whoever comes next tries again.
      if (!(error instanceof AnamnesisError && error.code === "STORAGE_FULL")) throw error;
    }
  }

  function groupOf(lot: readonly Waiting[]): Group {
    const slipBytes = lot.map(({ slip }) => slip.bytes);
    const signed: { signature?: Uint8Array } = {};
    const bytes = makeGroup(
      genesis.chain,
      institution,
      slipBytes,
      (type, message) => (signed.signature = keeper.sign(type, message)),
    );
    return {
      chain: genesis.chain,
      carrier: institution,
      slips: lot.map(({ slip }) => slip),
      signature: signed.signature!,
      bytes,
    };
  }

  const lastBlock = () => {
    const bytes = store.block(keeper.height);
    return bytes === undefined ? undefined : decodeBlock(bytes);
  };
  let last:
    | { readonly height: number; readonly hash: Uint8Array; readonly time: number }
    | undefined;
  const previous = () => {
    if (last?.height !== keeper.height) {
      const block = lastBlock();
      last = {
        height: keeper.height,
        hash: block === undefined ? new Uint8Array(32) : blockHash(block),
        time: block?.time ?? genesis.time,
      };
    }
    return last;
  };
  const lastHash = (): Uint8Array => previous().hash;
  const lastTime = (): number => previous().time;

  function pageIsDue(): boolean {
    const due = engine.machine.pageDueAt(store.state);
    return due !== undefined && due <= now();
  }

  /** A due page is sealed at once by an empty block. */
  function schedulePage(): void {
    clearTimeout(pageTimer);
    const due = engine.machine.pageDueAt(store.state);
    if (due === undefined || stopped) return;
    pageTimer = setTimeout(() => void turn().catch(() => undefined), Math.max(1, due - now()));
    pageTimer.unref();
  }

  schedulePage();
  return {
    genesis,
    role: "writer",
    height: () => keeper.height,
    fault: () => keeper.fault,
    carry,
    takeGroup,
    blocks: (after, limit, waitMs) => keeper.blocks(after, limit, waitMs),
    head: () => keeper.head(),
    headAt: (height) => keeper.headAt(height),
    countersign: (header) => keeper.countersign(header),
    snapshot: (read) => keeper.snapshot(read),
    scrub: () => keeper.scrub(),
    stop: async () => {
      stopped = true;
      clearTimeout(pageTimer);
      while (turning) await new Promise((resolve) => setTimeout(resolve, 5));
      for (const { reject } of [...slips, ...groups])
        reject(new AnamnesisError("UNAVAILABLE", "The node stopped before the slip was carried"));
      keeper.release();
      await store.close();
    },
  };
}
