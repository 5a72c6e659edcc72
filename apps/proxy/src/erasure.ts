import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { encodeCanonical, fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, endsGrant, gidOf, grantDocument, grantLive } from "@anamnesis/protocol";
import type { ErasureReceipt, Gid } from "@anamnesis/protocol";
import { sameDeal } from "./acceptGrant.ts";
import type { Consortium } from "./consortium.ts";
import type { KeptRequests } from "./keptRequests.ts";
import { readRevocation } from "./revocation.ts";
import type { HeldGrant, ProxyStore } from "./store.ts";

export interface ErasureDeps {
  /** Consortium chain of this federation. */
  readonly chain: string;
  readonly store: ProxyStore;
  readonly kept: KeptRequests;
  readonly consortium: Consortium;
  readonly signing: SigningKeypair;
  readonly now: () => number;
}

/** What a receipt's signature (type RECEIPT) covers: canonical CBOR [gid, erasedAt]. */
export const receiptMessage = (gid: string, erasedAt: number): Uint8Array =>
  encodeCanonical([fromHex(gid), erasedAt]);

/**
 * Erases the shares of a grant on the word of its own key or of its revoker's, whatever the chain says, and signs a receipt. After
 * its own key's word no other deal of this grant is taken. A revoker ends the deal that names it and no other: anybody may
 * deal under a gid, and name whom they like.
 *
 * @param slip - A signed `grant.revoke`.
 * @throws {AnamnesisError} Those of {@link readRevocation}; GRANT_NOT_HELD; NOT_THE_REVOKER, which tells a stranger nothing of
 * whether the grant is held.
 */
export async function eraseRevoked(
  gid: Gid,
  slip: Uint8Array,
  deps: ErasureDeps,
): Promise<ErasureReceipt> {
  const revocation = readRevocation(slip, gid, { chain: deps.chain, now: deps.now() });
  const isOwn = gidOf(revocation.key) === gid;
  const { erasedAt, receipt } = await deps.store.changeGrant(gid, (held) => {
    const mayEnd = (): boolean =>
      held !== undefined && endsGrant(revocation, grantDocument.decode(deps.store.document(gid)));
    if (!isOwn && !mayEnd())
      throw new AnamnesisError("NOT_THE_REVOKER", "Revocation refused: its key may not end it");
    if (held === undefined)
      throw new AnamnesisError("GRANT_NOT_HELD", "This proxy holds no such grant");
    if (held.revoked || !isOwn) return erased(gid, held, deps);
    return { ...erased(gid, held, deps), revoked: true };
  });
  return { v: 1, erasedAt, signature: receipt };
}

/**
 * Erases the shares of a grant that has ended on the chain, or by its own time, and signs a receipt. The grant itself stays, so
 * that later tries can still be reported to the patient.
 *
 * @throws {AnamnesisError} STALE_CHAIN when the chain cannot be seen.
 */
export async function eraseIfEnded(gid: Gid, deps: ErasureDeps): Promise<void> {
  const { store, consortium, now } = deps;
  const judged = store.grant(gid);
  if (judged === undefined || judged.replyKey === null) return;
  const onChain = await consortium.grant(gid);
  const expired = now() >= judged.notAfter;
  const ended = expired || (onChain !== undefined && !grantLive(onChain, now()));
  if (!ended) return;
  // Grants are never forgotten; another deal may have come meanwhile, which was not judged.
  await store.changeGrant(gid, (held) =>
    held !== undefined && sameDeal(held, judged) ? erased(gid, held, deps) : held!,
  );
}

function erased(gid: Gid, held: HeldGrant, { signing, now }: ErasureDeps): HeldGrant {
  if (held.replyKey === null) return held;
  const erasedAt = now();
  const message = receiptMessage(gid, erasedAt);
  const receipt = sign({ type: "RECEIPT", message, secretKey: signing.secretKey });
  return { ...held, replyKey: null, erasedAt, receipt };
}

/** Each asks the own node: one after another, a thousand grants would take longer than they may. */
const LOOKS_AT_ONCE = 8;

/**
 * Looks at every held grant; one that cannot be judged now is looked at again the next time. Forgets the requests that were
 * kept long enough. Never throws.
 */
export async function sweep(deps: ErasureDeps): Promise<void> {
  try {
    await deps.kept.forget(deps.now());
    const waiting = deps.store.heldGids().values();
    const look = async (): Promise<void> => {
      for (const gid of waiting) await eraseIfEnded(gid, deps).catch(() => undefined);
    };
    await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, look));
  } catch {
    // A store that cannot be read answers nobody either; its readers are told.
  }
}
