import { toHex } from "@anamnesis/crypto/verify";
import { consortiumOf, grantState } from "@anamnesis/protocol";
import type { GrantStatus } from "./model.ts";
import { proveState } from "./proofs/prove.ts";
import type { Session } from "./session.ts";

/** Times are Unix milliseconds; `revokedAt` 0: not revoked. `digest` as hex. */
export interface GrantOnChain {
  readonly digest: string;
  readonly expiresAt: number;
  readonly revokedAt: number;
}

/**
 * The chain's word on a grant, proven: no node alone can hold a revocation back, or invent one. `undefined` when it is
 * proven that the grant was never published.
 *
 * @throws {AnamnesisError} PROOF_INVALID, UNAVAILABLE
 */
export async function grantOnChain(
  session: Session,
  gid: string,
): Promise<GrantOnChain | undefined> {
  const { value } = await proveState(session, consortiumOf(session.trust).chain, "grants", gid);
  if (value === undefined) return undefined;
  const { v: _, digest, ...state } = grantState.decode(value);
  return { digest: toHex(digest), ...state };
}

/** @param notAfter - End of the grant itself, Unix milliseconds. */
export function grantStatus(
  onChain: GrantOnChain | undefined,
  notAfter: number,
  now: number,
): GrantStatus {
  if (onChain === undefined) return "unpublished";
  if (onChain.revokedAt > 0) return "revoked";
  return now >= notAfter || now >= onChain.expiresAt ? "expired" : "live";
}
