import { encodeCanonical, sha256, verifySignature } from "@anamnesis/crypto/verify";
import { decodeItem } from "./canonical.ts";
import { AnamnesisError } from "./errors.ts";
import type { ChainId, InstitutionId } from "./ids.ts";
import { limits } from "./limits.ts";
import { leafHash, rootOfLeafHashes } from "./merkle.ts";

/**
 * A committed block of the embedded engine: what a follower pulls, re-executes and compares.
 * `prevHash` is the hash of the block before (32 zero bytes at height 1); `appHash` is the state after this block.
 */
export interface Block {
  readonly chain: ChainId;
  readonly height: number;
  readonly time: number;
  readonly proposer: InstitutionId;
  readonly prevHash: Uint8Array;
  readonly groups: readonly Uint8Array[];
  readonly appHash: Uint8Array;
  /** The writer's signature over the block's hash. */
  readonly signature: Uint8Array;
}

const hashed = (block: Omit<Block, "signature">): Uint8Array =>
  encodeCanonical([
    block.chain,
    block.height,
    block.time,
    block.proposer,
    block.prevHash,
    rootOfLeafHashes(block.groups.map(leafHash)),
    block.appHash,
  ]);

export const blockHash = (block: Omit<Block, "signature">): Uint8Array => sha256(hashed(block));

export const makeBlock = (
  block: Omit<Block, "signature">,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Block => ({
  ...block,
  signature: sign("BLOCK", blockHash(block)),
});

export const verifyBlock = (block: Block, publicKey: Uint8Array): boolean =>
  verifySignature({
    type: "BLOCK",
    message: blockHash(block),
    publicKey,
    signature: block.signature,
  });

/** Canonical CBOR [chain, height, time, proposer, prevHash, [group…], appHash, signature]. */
export const encodeBlock = (block: Block): Uint8Array =>
  encodeCanonical([
    block.chain,
    block.height,
    block.time,
    block.proposer,
    block.prevHash,
    [...block.groups],
    block.appHash,
    block.signature,
  ]);

/** @throws {AnamnesisError} MALFORMED and those of decoding. */
export function decodeBlock(bytes: Uint8Array): Block {
  const list = decodeItem(bytes, "Block", limits.blockBytes);
  if (!Array.isArray(list) || list.length !== 8) throw malformed();
  const [chain, height, time, proposer, prevHash, groups, appHash, signature] = list as unknown[];
  if (typeof chain !== "string" || typeof proposer !== "string") throw malformed();
  if (!Number.isSafeInteger(height) || !Number.isSafeInteger(time)) throw malformed();
  if (!isBytes(prevHash, 32) || !isBytes(appHash, 32) || !isBytes(signature, 64)) throw malformed();
  if (!Array.isArray(groups) || !groups.every((group) => group instanceof Uint8Array))
    throw malformed();
  return {
    chain: chain as ChainId,
    height: height as number,
    time: time as number,
    proposer: proposer as InstitutionId,
    prevHash,
    groups: groups as Uint8Array[],
    appHash,
    signature,
  };
}

const isBytes = (value: unknown, length: number): value is Uint8Array =>
  value instanceof Uint8Array && value.length === length;
const malformed = () =>
  new AnamnesisError("MALFORMED", "Block is not canonical CBOR of eight fields");
