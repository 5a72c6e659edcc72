import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, consortiumOf, grantState, limits } from "@anamnesis/protocol";
import type { GrantView, UsageView } from "@anamnesis/protocol";
import { bareCaller } from "./caller.ts";
import type { GrantStatus } from "./model.ts";
import { askTwo } from "./members/ask.ts";
import type { NodeApi } from "./ports.ts";
import { proveState } from "./proofs/prove.ts";
import type { ProofParts } from "./proofs/prove.ts";
import type { Session } from "./session.ts";

/**
 * The chain's word on a grant, proven: no node alone can hold a revocation back, or invent one. `undefined` when it is
 * proven that the grant was never published.
 *
 * @throws {AnamnesisError} PROOF_INVALID, UNAVAILABLE
 */
export async function grantOnChain(
  session: Session,
  gid: string,
  parts?: Pick<ProofParts, "askHead" | "verify">,
): Promise<GrantView | undefined> {
  const { chain } = consortiumOf(session.trust);
  const { value } = await proveState(session, chain, "grants", gid, parts);
  if (value === undefined) return undefined;
  const { v: _, digest, reader, revoker, ...state } = grantState.decode(value);
  return { digest: toHex(digest), reader: toHex(reader), revoker: toHex(revoker), ...state };
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

/**
 * Everything that the chain holds of what was done under a grant, oldest first, as two members tell it: neither alone can
 * leave something out.
 *
 * @param key - The grant's own. @throws {AnamnesisError} UNAVAILABLE
 */
export async function usageOf(
  session: Session,
  gid: string,
  key: SigningKeypair,
): Promise<readonly UsageView[]> {
  const { chain } = consortiumOf(session.trust);
  const told = await askTwo(session, chain, (node) => wholeUsage(node, chain, gid, key));
  const bySlip = new Map(told.flat().map((view) => [view.slip, view]));
  return [...bySlip.values()].toSorted((a, b) => a.time - b.time);
}

async function wholeUsage(
  node: NodeApi,
  chain: string,
  gid: string,
  key: SigningKeypair,
): Promise<UsageView[]> {
  const all: UsageView[] = [];
  for (let after: number | undefined; ;) {
    const { usage, next } = await node.grantUsage(chain, gid, after, bareCaller(key));
    all.push(...usage);
    if (next === undefined) return all;
    if (next <= (after ?? -1) || all.length > limits.grantUses)
      throw new AnamnesisError("MALFORMED", "The node lists the use of a grant without an end");
    after = next;
  }
}
