import { fromHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits } from "@anamnesis/protocol";
import type { Fingerprint } from "@anamnesis/protocol";
import type { Caller } from "@anamnesis/server";
import type { IssuerId } from "./authority.ts";
import type { RegistryDeps } from "./deps.ts";
import type { CertificateEntry } from "./people.ts";
import { assertMayEnd } from "./revocations.ts";
import type { SealedStore } from "./sealedStore.ts";

/** A certificate on hold (RFC 5280 5.3.1). */
export interface Hold {
  readonly serial: string;
  readonly issuer: IssuerId;
  /** Unix milliseconds. */
  readonly since: number;
  readonly until: number;
}

/**
 * POST /suspensions (H-71): who may revoke a certificate puts it on hold for a day at most, or takes it off at once. The revocation
 * list says so; chains hear of it by `identity.suspend`, which is the institution's own.
 *
 * @param until - Unix milliseconds; 0 takes it off.
 * @throws {AnamnesisError} NOT_FOUND, FORBIDDEN, BAD_REQUEST.
 */
export function suspend(
  deps: RegistryDeps,
  caller: Caller<CertificateEntry>,
  { fingerprint, until }: { readonly fingerprint: Fingerprint; readonly until: number },
): void {
  const { serial, issuer } = assertMayEnd(deps, caller, fingerprint);
  const now = deps.now();
  if (until !== 0 && (until <= now || until > now + limits.suspensionMs))
    throw new AnamnesisError(
      "BAD_REQUEST",
      "Suspension refused: want an end in the next 24 hours, or 0 to lift it",
    );
  const name = fromHex(fingerprint);
  if (until === 0) deps.store.remove("hold", name);
  else deps.store.put({ serial, issuer, since: now, until }, "hold", name);
}

export const isOnHold = (store: SealedStore, fingerprint: Fingerprint, now: number): boolean => {
  const hold = store.get("hold", fromHex(fingerprint)) as unknown as Hold | undefined;
  return hold !== undefined && now < hold.until;
};
