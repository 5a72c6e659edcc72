import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, decodeBlock, memberOf, verifyBlock } from "@anamnesis/protocol";
import type { Block, Genesis } from "@anamnesis/protocol";
import type { Application } from "../application.ts";
import type { ChainStore } from "../store/chainStore.ts";
import { followsStore } from "./succession.ts";
import type { Peer } from "./peer.ts";

const ASK_MS = 2_000;
const BLOCKS_AT_ONCE = 100;

/**
 * Before a writer goes on: does any member hold blocks that it wrote and no longer has? A disk that was lost or put back
 * to an older state would otherwise make it write other blocks at heights that others have committed, and lose
 * acknowledged slips (I1). Members that do not answer within 2 s cannot help; with none, the writer trusts its disk.
 *
 * @throws {AnamnesisError} STORE_CORRUPT when a member's blocks and its own part ways.
 */
export async function recoverWritten(
  {
    genesis,
    store,
    application,
  }: { genesis: Genesis; store: ChainStore; application: Application },
  members: readonly Peer[],
): Promise<void> {
  const writerKey = memberOf(genesis, genesis.writer).nodeKey;
  const isOurs = (block: Block): boolean =>
    block.chain === genesis.chain && verifyBlock(block, writerKey);
  const behind = async (member: Peer): Promise<Block[]> => {
    try {
      const height = store.height ?? 0;
      const found = await member.blocks(height, BLOCKS_AT_ONCE, 0, AbortSignal.timeout(ASK_MS));
      return found.map(decodeBlock).filter(isOurs);
    } catch (error) {
      if (error instanceof AnamnesisError) return [];
      throw error;
    }
  };
  const answering = await Promise.all(
    members.map(async (member) => ({ member, blocks: await behind(member) })),
  );
  for (const { member, blocks: first } of answering) {
    for (let blocks = first; blocks.length > 0; blocks = await behind(member)) {
      for (const block of blocks) {
        if (block.height <= (store.height ?? 0)) continue;
        await takeBack(block);
      }
    }
  }

  async function takeBack(block: Block): Promise<void> {
    if (!followsStore(block, genesis, store)) throw partedWays(block);
    const groups = await application.process(block.groups);
    const result = application.finalize({ ...block, groups });
    if (!equalBytes(result.appHash, block.appHash)) throw partedWays(block);
    await application.commit(block, result, block.time);
  }

  function partedWays({ height }: Block): AnamnesisError {
    return new AnamnesisError(
      "STORE_CORRUPT",
      `Chain ${genesis.chain}: a member holds a block ${height} of ours that does not follow from what is kept here`,
    );
  }
}
