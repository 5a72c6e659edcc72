import { AnamnesisError, consortiumOf } from "@anamnesis/protocol";
import type { GrantStatus } from "./model.ts";
import { ownNode } from "./ownNode.ts";
import type { GrantView } from "./ports.ts";
import type { Session } from "./session.ts";

/** The chain's word on a grant; `undefined` when it was never published. @throws {AnamnesisError} UNAVAILABLE */
export async function grantOnChain(session: Session, gid: string): Promise<GrantView | undefined> {
  try {
    return await ownNode(session).grant(consortiumOf(session.trust).chain, gid);
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** @param notAfter - End of the grant itself, Unix milliseconds. */
export function grantStatus(
  onChain: GrantView | undefined,
  notAfter: number,
  now: number,
): GrantStatus {
  if (onChain === undefined) return "unpublished";
  if (onChain.revokedAt > 0) return "revoked";
  return now >= notAfter || now >= onChain.expiresAt ? "expired" : "live";
}
