import { equalBytes } from "@anamnesis/crypto/verify";
import { blockHash, decodeBlock, memberOf, verifyBlock } from "@anamnesis/protocol";
import type { Block, Genesis } from "@anamnesis/protocol";
import type { ChainStore } from "../store/chainStore.ts";

/** Whether a block is the writer's, and the next one after what the store holds. */
export function followsStore(block: Block, genesis: Genesis, store: ChainStore): boolean {
  const bytes = store.block(store.height ?? 0);
  return follows(block, genesis, bytes === undefined ? undefined : decodeBlock(bytes));
}

/** Whether a block is the writer's, and the next one after `before`; the first without it. */
export function follows(block: Block, genesis: Genesis, before: Block | undefined): boolean {
  return (
    block.chain === genesis.chain &&
    block.height === (before?.height ?? 0) + 1 &&
    block.proposer === genesis.writer &&
    block.time >= (before?.time ?? genesis.time) &&
    equalBytes(block.prevHash, before === undefined ? new Uint8Array(32) : blockHash(before)) &&
    verifyBlock(block, memberOf(genesis, genesis.writer).nodeKey)
  );
}
