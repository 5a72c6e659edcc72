import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { encodeCanonical, fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, grantDocument, grantLive } from "@anamnesis/protocol";
import type { Gid } from "@anamnesis/protocol";
import type { Consortium } from "./consortium.ts";
import type { KeptRequests } from "./keptRequests.ts";
import type { HeldGrant, ProxyStore } from "./store.ts";

export interface ErasureDeps {
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
 * Erases the shares of a grant that has ended on the chain, and signs a receipt. The grant itself stays, so that later
 * tries can still be reported to the patient.
 *
 * @returns The grant as it is held now.
 * @throws {AnamnesisError} STALE_CHAIN when the chain cannot be seen; GRANT_NOT_HELD.
 */
export async function eraseIfEnded(gid: Gid, deps: ErasureDeps): Promise<HeldGrant> {
  const { store, consortium, signing, now } = deps;
  const held = store.grant(gid);
  if (held === undefined)
    throw new AnamnesisError("GRANT_NOT_HELD", "This proxy holds no such grant");
  if (held.secret === null) return held;
  const onChain = await consortium.grant(gid);
  const expired = now() >= grantDocument.decode(held.grant).notAfter;
  const ended = expired || (onChain !== undefined && !grantLive(onChain, now()));
  if (!ended) return held;
  const erasedAt = now();
  const receipt = sign({
    type: "RECEIPT",
    message: receiptMessage(gid, erasedAt),
    secretKey: signing.secretKey,
  });
  const erased: HeldGrant = { ...held, secret: null, erasedAt, receipt };
  await store.putGrant(gid, erased, []);
  return erased;
}

/**
 * Looks at every held grant; one that cannot be judged now is looked at again the next time. Forgets the requests that were
 * kept long enough. Never throws.
 */
export async function sweep(deps: ErasureDeps): Promise<void> {
  try {
    await deps.kept.forget(deps.now());
    for (const gid of deps.store.heldGids()) {
      await eraseIfEnded(gid, deps).catch(() => undefined);
    }
  } catch {
    // A store that cannot be read answers nobody either; its readers are told.
  }
}
