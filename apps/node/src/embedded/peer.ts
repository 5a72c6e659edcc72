import { decodeCanonical } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { GroupOutcome } from "../chain.ts";

/** Another member's node, as a member of the same chain sees it. */
export interface Peer {
  /** Encoded entries of the log, certified, above `after`; waits up to `waitMs` for the first. @throws {AnamnesisError} UNAVAILABLE */
  blocks(after: number, limit: number, waitMs: number, signal: AbortSignal): Promise<Uint8Array[]>;
  /** @throws {AnamnesisError} UNAVAILABLE (no answer: it may or may not have been taken), or what it refused it with. */
  offer(group: Uint8Array): Promise<GroupOutcome>;
}

const OFFER_MS = 30_000;
const ENTRIES_BYTES = 256 * 1024 * 1024;

/** @param address - Base URL of the member's node. */
export function peerOverHttp(address: string, chain: string): Peer {
  const base = `${address}/chains/${chain}`;
  return {
    blocks: async (after, limit, waitMs, signal) => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(waitMs + 5_000)]);
      const response = await ask(`${base}/blocks?after=${after}&limit=${limit}&wait=${waitMs}`, {
        signal: limited,
      });
      return entriesIn(await whole(response.arrayBuffer()));
    },
    offer: async (group) => {
      const response = await ask(`${base}/groups`, {
        method: "POST",
        headers: { "content-type": "application/cbor" },
        body: Buffer.from(group),
        signal: AbortSignal.timeout(OFFER_MS),
      });
      return (await whole(response.json())) as GroupOutcome;
    },
  };
}

/** A body, or UNAVAILABLE when the member breaks off in the middle of it. */
async function whole<T>(body: Promise<T>): Promise<T> {
  try {
    return await body;
  } catch (cause) {
    throw new AnamnesisError("UNAVAILABLE", "The member's node broke off its answer", { cause });
  }
}

function entriesIn(body: ArrayBuffer): Uint8Array[] {
  const malformed = (cause?: unknown) =>
    new AnamnesisError("MALFORMED", "The member's entries are not an array of byte strings", {
      cause,
    });
  let list: unknown;
  try {
    list = decodeCanonical(new Uint8Array(body), { maxBytes: ENTRIES_BYTES });
  } catch (cause) {
    throw malformed(cause);
  }
  if (!Array.isArray(list) || !list.every((entry) => entry instanceof Uint8Array))
    throw malformed();
  return list as Uint8Array[];
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    throw new AnamnesisError("UNAVAILABLE", "The member's node does not answer", { cause });
  }
  if (response.ok) return response;
  const answer = (await response.json().catch(() => ({}))) as {
    error?: { code?: string; message?: string };
  };
  const code = (answer.error?.code ?? "UNAVAILABLE") as ConstructorParameters<
    typeof AnamnesisError
  >[0];
  throw new AnamnesisError(
    code,
    answer.error?.message ?? `The member's node answered ${response.status}`,
  );
}
