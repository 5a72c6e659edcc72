import type { BlockResult } from "@anamnesis/ledger";
import {
  AnamnesisError,
  blockHash,
  decodeBlock,
  limits,
  makeBlock,
  makeGroup,
} from "@anamnesis/protocol";
import type { Block, Group } from "@anamnesis/protocol";
import { cutIntoGroups, shuffled } from "./carrying.ts";
import type { Waiting } from "./carrying.ts";
import type { Chain, SlipOutcome } from "../chain.ts";
import type { ChainKeeper } from "./chainKeeper.ts";
import type { Verify } from "../application.ts";
import { Batching } from "./batching.ts";
import { Admission, passed } from "../verify/admission.ts";

/** Leaves room in a block for its frame and the groups' frames. */
const BLOCK_BYTES = limits.blockBytes / 2;
/** Slips that may wait; beyond, callers are told to come back (429). */
const QUEUE_SLIPS = 16_384;
/** After a full disk refused a block, a due page is tried again this much later. */
const FULL_DISK_MS = 1_000;

interface GroupResult {
  readonly height: number;
  readonly results: readonly SlipOutcome[];
}

interface WaitingGroup {
  readonly group: Group;
  readonly resolve: (result: GroupResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Batch {
  readonly taken: readonly Waiting[];
  readonly others: readonly WaitingGroup[];
}

interface Executed extends Batch {
  readonly groupsOfSlips: readonly (readonly Waiting[])[];
  readonly block: Block;
  readonly result: BlockResult;
}

const diskWasFull = (): AnamnesisError =>
  new AnamnesisError("STORAGE_FULL", "The chain's disk was full when the block before was written");

/**
 * The embedded engine's writer. What waits makes a block, so that one fsync serves many; while that block is written, the
 * next one's signatures are verified in other threads and it is executed. An answer is given after the fsync.
 */
export function openWriter(keeper: ChainKeeper, verify: Verify): Chain {
  const { genesis, institution, application, store, now } = keeper.config;
  const admission = new Admission({
    machine: application.machine,
    state: store.state,
    carrier: institution,
    verify,
    now,
    counts: () => true,
  });
  const slips: Waiting[] = [];
  const groups: WaitingGroup[] = [];
  const batching = new Batching();
  let groupSlips = 0;
  /** Slips in blocks that are executed but not durable yet. */
  let pending = 0;
  let turning: Promise<void> | undefined;
  /** The newest block on its way to the disk; fulfilled when it is settled, one way or the other. */
  let committing: Promise<void> = Promise.resolve();
  let isFull = false;
  let pageTimer: NodeJS.Timeout | undefined;
  let stopped = false;

  const assertTaking = (): void => {
    keeper.assertServing();
    if (stopped) throw new AnamnesisError("UNAVAILABLE", "The node is stopping");
  };

  const assertOpen = (coming: number): void => {
    assertTaking();
    if (slips.length + admission.size + groupSlips + coming > QUEUE_SLIPS)
      throw new AnamnesisError("BUSY", "Too many slips wait; come back in a second");
    store.assertRoom();
  };

  async function carry(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    assertOpen(bytes.length);
    const judged = await admission.judge(bytes);
    assertTaking(); // Nothing that is queued after the last block would ever be answered.
    const outcomes = judged.map((entry) =>
      passed(entry)
        ? new Promise<SlipOutcome>(
            (resolve, reject) => void slips.push({ slip: entry, resolve, reject }),
          )
        : Promise.resolve(entry),
    );
    batching.stirred();
    turn();
    return Promise.all(outcomes);
  }

  async function takeGroup(bytes: Uint8Array): Promise<GroupResult> {
    assertOpen(limits.groupSlips);
    groupSlips += limits.groupSlips;
    try {
      const group = await application.checkGroup(bytes);
      assertTaking();
      const result = new Promise<GroupResult>(
        (resolve, reject) => void groups.push({ group, resolve, reject }),
      );
      batching.stirred();
      turn();
      return await result;
    } finally {
      groupSlips -= limits.groupSlips;
    }
  }

  const waiting = (): number =>
    slips.length + groups.reduce((sum, { group }) => sum + group.slips.length, 0);
  const batchSlips = (): number => batching.batchSlips(waiting() + admission.size + pending);

  /** Makes blocks as long as something waits. */
  function turn(): void {
    if (stopped) return;
    turning ??= makeBlocks().finally(() => {
      turning = undefined;
      if (slips.length > 0 || groups.length > 0) turn();
    });
  }

  async function makeBlocks(): Promise<void> {
    while (!stopped && !isFull && (slips.length > 0 || groups.length > 0 || pageIsDue())) {
      await batching.until(() => pending === 0 || waiting() >= batchSlips());
      await makeNextBlock();
    }
    await committing;
    schedulePage(isFull ? FULL_DISK_MS : 1);
    isFull = false;
  }

  /** Executes a block while the one before is being made durable, then waits for that one: no more than one is ahead. */
  async function makeNextBlock(): Promise<void> {
    const batch = { taken: takeWaiting(), others: takeGroups() };
    const before = committing;
    try {
      const executed = execute(batch);
      committing = settle(executed, before);
    } catch (error) {
      refuse(batch, error);
    }
    await before;
  }

  function execute({ taken, others }: Batch): Executed {
    const groupsOfSlips = cutIntoGroups(shuffled(taken), ({ slip }) => slip);
    const all = [...groupsOfSlips.map(groupOf), ...others.map(({ group }) => group)];
    const { height, hash: prevHash, time } = lastBlock();
    const proposal = { height: height + 1, time: Math.max(time, now()), proposer: institution };
    const result = application.finalize({ ...proposal, groups: all });
    const block = makeBlock(
      {
        chain: genesis.chain,
        ...proposal,
        prevHash,
        groups: all.map(({ bytes }) => bytes),
        appHash: result.appHash,
      },
      keeper.sign,
    );
    application.stage(block.height, result);
    last = { height: block.height, hash: blockHash(block), time: block.time };
    return { taken, others, groupsOfSlips, block, result };
  }

  /** Makes a block durable once the one before is, and answers. */
  async function settle(executed: Executed, before: Promise<void>): Promise<void> {
    const { groupsOfSlips, others, block, result } = executed;
    const count = result.results.reduce((sum, results) => sum + results.length, 0);
    pending += count;
    await before;
    try {
      // What it was executed on has to be what was committed: the block before may have failed.
      if (block.height !== keeper.height + 1) throw diskWasFull();
      await keeper.commit(block, result);
    } catch (error) {
      return refuse(executed, error);
    } finally {
      pending -= count;
      batching.stirred();
    }
    const { height } = block;
    const outcomes = result.results.map((results) =>
      results.map(({ id, code }): SlipOutcome => ({ id, code, height })),
    );
    for (const [g, slipsOfGroup] of groupsOfSlips.entries())
      for (const [s, { resolve }] of slipsOfGroup.entries()) resolve(outcomes[g]![s]!);
    for (const [g, { resolve }] of others.entries())
      resolve({ height, results: outcomes[groupsOfSlips.length + g]! });
  }

  /**
   * A full disk refuses this block only, and whoever comes next tries again. Anything else is a doubt: the chain stops, and
   * everybody who waits is told.
   */
  function refuse({ taken, others }: Batch, error: unknown): void {
    last = undefined;
    application.discard();
    const everybody: Pick<Waiting, "reject">[] = [...taken, ...others];
    if (error instanceof AnamnesisError && error.code === "STORAGE_FULL") {
      isFull = true;
    } else {
      stopped = true;
      keeper.stopServing("a block could not be made", error);
      everybody.push(...slips.splice(0), ...groups.splice(0));
    }
    for (const { reject } of everybody) reject(keeper.refusal ?? error);
  }

  function takeWaiting(): Waiting[] {
    const most = Math.min(slips.length, batchSlips());
    let count = 0;
    for (let bytes = 0; count < most; count += 1) {
      bytes += slips[count]!.slip.bytes.length;
      if (bytes > BLOCK_BYTES / 2) break;
    }
    return slips.splice(0, count);
  }

  function takeGroups(): WaitingGroup[] {
    let count = 0;
    for (let bytes = 0; count < groups.length; count += 1) {
      bytes += groups[count]!.group.bytes.length;
      if (bytes > BLOCK_BYTES) break;
    }
    return groups.splice(0, count);
  }

  function groupOf(slipsOfGroup: readonly Waiting[]): Group {
    const carried = slipsOfGroup.map(({ slip }) => slip);
    const slipBytes = carried.map(({ bytes }) => bytes);
    let signature = new Uint8Array(0);
    const bytes = makeGroup(genesis.chain, institution, slipBytes, (type, message) => {
      signature = Uint8Array.from(keeper.sign(type, message));
      return signature;
    });
    return { chain: genesis.chain, carrier: institution, slips: carried, signature, bytes };
  }

  let last:
    | { readonly height: number; readonly hash: Uint8Array; readonly time: number }
    | undefined;
  /** The block executed last, durable or not yet. */
  function lastBlock(): NonNullable<typeof last> {
    if (last !== undefined) return last;
    const { height } = keeper;
    const bytes = store.block(height);
    if (bytes === undefined) return { height: 0, hash: new Uint8Array(32), time: genesis.time };
    const block = decodeBlock(bytes);
    return (last = { height, hash: blockHash(block), time: block.time });
  }

  function pageIsDue(): boolean {
    const due = application.machine.pageDueAt(store.executed);
    return due !== undefined && due <= now();
  }

  /** A due page is sealed at once by an empty block. */
  function schedulePage(atLeastMs: number): void {
    clearTimeout(pageTimer);
    if (stopped) return;
    const due = application.machine.pageDueAt(store.executed);
    if (due === undefined) return;
    pageTimer = setTimeout(turn, Math.max(atLeastMs, due - now()));
    pageTimer.unref();
  }

  schedulePage(1);
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
      await turning;
      for (const { reject } of [...slips.splice(0), ...groups.splice(0)])
        reject(new AnamnesisError("UNAVAILABLE", "The node stopped before the slip was carried"));
      keeper.release();
      await store.close();
    },
  };
}
