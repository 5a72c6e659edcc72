import { equalBytes } from "@anamnesis/crypto/verify";
import { findSlip } from "@anamnesis/ledger";
import type { BlockResult } from "@anamnesis/ledger";
import { AnamnesisError, decodeBlock, limits, makeGroup, slipCodes } from "@anamnesis/protocol";
import type { Block, Group, Slip } from "@anamnesis/protocol";
import { cutIntoGroups, shuffled } from "./carrying.ts";
import type { Chain, SlipOutcome } from "../chain.ts";
import type { ChainKeeper } from "./chainKeeper.ts";
import type { Verify } from "../application.ts";
import { Admission, isFinal, passed } from "../verify/admission.ts";
import { follows, followsStore } from "./succession.ts";
import type { Peer } from "./peer.ts";

const PULL_BLOCKS = 32;
const PULL_WAIT_MS = 10_000;
const RETRY_MS = 250;
/** Times a group is offered to a writer that does not answer. */
const OFFERS = 3;
/** Slips that may be on their way to the writer; beyond, callers are told to come back (429). */
const UNDER_WAY_SLIPS = 16_384;

/**
 * The embedded engine's follower: pulls blocks, verifies the writer's signature and every slip, re-executes, and stops
 * loudly when the writer claims another app hash. It carries slips of its own institution by handing groups to the writer.
 */
export function openFollower(keeper: ChainKeeper, verify: Verify, writer: Peer): Chain {
  const { genesis, institution, application, store, now } = keeper.config;
  const admission = new Admission({
    machine: application.machine,
    state: store.state,
    carrier: institution,
    verify,
    now,
    counts: isFinal,
  });
  const stopping = new AbortController();

  const pull = (after: number): Promise<Uint8Array[]> =>
    writer.blocks(after, PULL_BLOCKS, PULL_WAIT_MS, stopping.signal);

  async function follow(): Promise<void> {
    /** While there is more to catch up with, the next blocks come while these are executed. */
    let next: Promise<Uint8Array[]> | undefined;
    while (!stopping.signal.aborted && keeper.fault === undefined) {
      const askedAt = performance.now();
      try {
        const pulled = (await (next ?? pull(keeper.height))).map(decodeBlock);
        next = pulled.length < PULL_BLOCKS ? undefined : pull(pulled.at(-1)!.height);
        next?.catch(() => undefined); // thrown where it is awaited
        await apply(pulled);
        // A writer that has nothing and does not wait either is asked no more often than one that fails.
        if (pulled.length === 0 && performance.now() - askedAt < RETRY_MS)
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      } catch (error) {
        next = undefined;
        if (stopping.signal.aborted) return;
        if (!(error instanceof AnamnesisError))
          keeper.stopServing("a block could not be executed", error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  /**
   * Signatures of all pulled blocks are verified while the first are executed, and a block is executed while the one before
   * is being made durable.
   */
  async function apply(blocks: readonly Block[]): Promise<void> {
    const ahead = blocks.map((block) => application.process(block.groups));
    for (const groups of ahead) groups.catch(() => undefined); // judged below, in order
    let committing: Promise<void> = Promise.resolve();
    try {
      for (const [i, block] of blocks.entries()) {
        checkSuccession(block, blocks[i - 1]);
        const groups = await ahead[i]!.catch(async (error: unknown) => {
          await committing;
          return processedAgain(block, error);
        });
        const result = execute(block, groups);
        await committing;
        committing = keeper.commit(block, result);
        committing.catch(() => undefined); // thrown where it is awaited
      }
    } catch (error) {
      await committing.catch(() => undefined);
      application.discard();
      throw error;
    }
    await committing.finally(() => application.discard());
  }

  function execute(block: Block, groups: readonly Group[]): BlockResult {
    const { height, time, proposer } = block;
    const result = application.finalize({ height, time, proposer, groups });
    if (!equalBytes(result.appHash, block.appHash)) {
      keeper.stopServing(`app hash mismatch at height ${height}`);
      throw new AnamnesisError(
        "APP_HASH_MISMATCH",
        `Block ${height} leads to another app hash here than at its writer`,
      );
    }
    application.stage(height, result);
    return result;
  }

  /** A block may cite a certificate that the block before it brought: judged again once that one is committed. */
  async function processedAgain(block: Block, error: unknown) {
    if (!(error instanceof AnamnesisError)) throw error;
    try {
      return await application.process(block.groups);
    } catch (cause) {
      // A verifier that died says nothing of the writer: the block is pulled again.
      if (cause instanceof AnamnesisError && cause.code === "UNAVAILABLE") throw cause;
      keeper.stopServing(
        `the writer committed a group at height ${block.height} that does not hold`,
      );
      throw cause;
    }
  }

  function checkSuccession(block: Block, before: Block | undefined): void {
    const holds =
      before === undefined ? followsStore(block, genesis, store) : follows(block, genesis, before);
    if (holds) return;
    const height = (before?.height ?? keeper.height) + 1;
    keeper.stopServing(
      `the block offered for height ${height} does not follow or is not the writer's`,
    );
    throw new AnamnesisError(
      "APP_HASH_MISMATCH",
      `Block ${block.height} does not follow ${height - 1} or is not signed by the writer`,
    );
  }

  let underWay = 0;
  async function carry(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    keeper.assertServing();
    if (underWay + bytes.length > UNDER_WAY_SLIPS)
      throw new AnamnesisError("BUSY", "Too many slips wait; come back in a second");
    store.assertRoom();
    underWay += bytes.length;
    try {
      return await carryOver(bytes);
    } finally {
      underWay -= bytes.length;
    }
  }

  async function carryOver(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    let judged = await admission.judge(bytes);
    if (judged.some((entry) => !passed(entry) && entry.code === "UNKNOWN_KEY")) {
      // The certificate may stand in a block that is on its way here.
      await keeper.reach(keeper.height + 1, limits.waitMs);
      judged = await admission.judge(bytes);
    }
    const outcomes = new Map<Slip, SlipOutcome>();
    for (const slipsOfGroup of cutIntoGroups(shuffled(judged.filter(passed)), (slip) => slip)) {
      for (const [i, outcome] of (await handOver(slipsOfGroup)).entries())
        outcomes.set(slipsOfGroup[i]!, outcome);
    }
    return judged.map((entry) => (passed(entry) ? outcomes.get(entry)! : entry));
  }

  /**
   * Hands one group to the writer and waits until its block is committed here. Offering it again after a lost answer is
   * harmless: what the first offer brought onto the chain is refused as REPLAYED now, and found there (H-2).
   */
  async function handOver(slipsOfGroup: readonly Slip[]): Promise<SlipOutcome[]> {
    const group = makeGroup(
      genesis.chain,
      institution,
      slipsOfGroup.map(({ bytes }) => bytes),
      keeper.sign,
    );
    for (let offer = 1; ; offer++) {
      try {
        const { height, results } = await writer.offer(group);
        await keeper.reach(height, limits.waitMs);
        return results.map(({ id, code }) => {
          const before =
            code === "REPLAYED" && offer > 1 ? findSlip(store.state, id)?.height : undefined;
          return before === undefined ? { id, code, height } : { id, code: "OK", height: before };
        });
      } catch (error) {
        if (!(error instanceof AnamnesisError)) throw error;
        if (Object.hasOwn(slipCodes, error.code))
          return slipsOfGroup.map(({ id }) => ({ id, code: error.code as SlipOutcome["code"] }));
        if (error.code !== "UNAVAILABLE" || offer === OFFERS) throw error;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  const following = follow();
  return {
    genesis,
    role: "follower",
    height: () => keeper.height,
    fault: () => keeper.fault,
    carry,
    takeGroup: () =>
      Promise.reject(
        new AnamnesisError("FORBIDDEN", `Group refused: ${genesis.writer} writes this chain`),
      ),
    blocks: (after, limit, waitMs) => keeper.blocks(after, limit, waitMs),
    head: () => keeper.head(),
    headAt: (height) => keeper.headAt(height),
    countersign: (header) => keeper.countersign(header),
    snapshot: (read) => keeper.snapshot(read),
    scrub: () => keeper.scrub(),
    stop: async () => {
      stopping.abort();
      await following;
      keeper.release();
      await store.close();
    },
  };
}
