import { signRaw } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { Part, whileThere } from "@anamnesis/http";
import { bareKeyId, nodeRoutes } from "@anamnesis/protocol";
import type { ChainId } from "@anamnesis/protocol";
import type { GroupOutcome } from "../chain.ts";

/** Another member's node, as a member of the same chain sees it. */
export interface Peer {
  /** Encoded entries of the log, certified, above `after`; waits up to `waitMs` for the first. @throws {AnamnesisError} UNAVAILABLE */
  blocks(
    after: number,
    limit: number,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<readonly Uint8Array[]>;
  /** @throws {AnamnesisError} UNAVAILABLE (no answer: it may or may not have been taken), or what it refused it with. */
  offer(group: Uint8Array): Promise<GroupOutcome>;
}

const OFFER_MS = 30_000;
const ANSWER_MS = 5_000;
/** A writer that is silent for so long is asked for its head: clients wait, and want to know who keeps them waiting. */
const SILENT_MS = 500;

/** @param address - Base URL of the member's node. @param signing - This node's own key: blocks are for members. */
export function peerOverHttp(address: string, chain: ChainId, signing: SigningKeypair): Peer {
  const { publicKey, secretKey } = signing;
  const caller = {
    keyId: bareKeyId(publicKey),
    sign: (message: Uint8Array) => signRaw({ message, secretKey }),
  };
  const part = new Part("member's node", address);
  const params = { chain };
  return {
    blocks: (after, limit, wait, signal) =>
      part.call(nodeRoutes.getBlocks, {
        params,
        query: { after, limit, wait },
        caller,
        signal,
        timeoutMs: wait + ANSWER_MS,
      }),
    offer: (body) =>
      whileThere({
        name: "member's node",
        call: (signal) =>
          part.call(nodeRoutes.postGroup, { params, body, signal, timeoutMs: OFFER_MS }),
        probe: (signal) => part.call(nodeRoutes.getHead, { params, signal }),
        silentMs: SILENT_MS,
      }),
  };
}
