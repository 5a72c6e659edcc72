import { sign } from "@anamnesis/crypto/sign";
import { AnamnesisError, limits, makeSlip, parseChainId } from "@anamnesis/protocol";
import type { SlipFields, SlipKind } from "@anamnesis/protocol";
import type { Caller, NodeApi } from "./ports.ts";
import { pause } from "@anamnesis/http";
import type { Session } from "./session.ts";

const RETRY_AFTER_MS = 500;

/** Makes a slip that is valid for five minutes, signed with the key of its kind. */
export function signedSlip<K extends SlipKind>(
  session: Pick<Session, "clock">,
  slip: {
    readonly chain: string;
    readonly kind: K;
    readonly fields: SlipFields<K>;
    readonly secretKey: Uint8Array;
  },
): { readonly id: string; readonly bytes: Uint8Array } {
  const time = session.clock();
  const header = {
    chain: parseChainId(slip.chain),
    time,
    notAfter: time + limits.clientNotAfterMs,
  };
  return makeSlip(slip.kind, header, slip.fields, (type, message) =>
    sign({ type, message, secretKey: slip.secretKey }),
  );
}

/**
 * Posts a slip and waits until it is durable. A lost answer is asked for once more with the same slip; that it is on
 * the chain by then is no error.
 *
 * @throws {AnamnesisError} The slip's code; UNAVAILABLE, BUSY, STORAGE_FULL.
 */
export async function postSlip(
  node: NodeApi,
  chain: string,
  slip: { readonly id: string; readonly bytes: Uint8Array },
  caller?: Caller,
): Promise<string> {
  try {
    return (await node.submit(chain, slip.bytes, caller)).id;
  } catch (error) {
    if (!(error instanceof AnamnesisError) || error.code !== "UNAVAILABLE") throw error;
    await pause(RETRY_AFTER_MS);
    return await afterRetry(node.submit(chain, slip.bytes, caller), slip.id);
  }
}

/** The result of a second attempt: a replay means that the first one had arrived. */
async function afterRetry(
  submitted: Promise<{ readonly id: string }>,
  id: string,
): Promise<string> {
  try {
    return (await submitted).id;
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "REPLAYED") return id;
    throw error;
  }
}
