import { X509CrlGenerator, X509CrlReason } from "@peculiar/x509";
import { ed25519 } from "./authority.ts";
import type { Authority, IssuerId } from "./authority.ts";
import type { SealedStore } from "./sealedStore.ts";
import type { Hold } from "./suspensions.ts";

interface RevokedEntry {
  readonly serial: string;
  readonly issuer: IssuerId;
  /** Unix milliseconds. */
  readonly time: number;
}

/** How long a list may be believed; it is made anew at every request. */
const NEXT_UPDATE_MS = 3_600_000;

/**
 * The revocation list of one intermediate as it is now (RFC 5280 5), signed by it.
 * @param now - Unix milliseconds.
 * @returns DER.
 */
export async function revocationList(
  store: SealedStore,
  issuer: Authority,
  now: number,
): Promise<Uint8Array> {
  const revoked = (store.values("revoked") as unknown as RevokedEntry[]).filter(
    (entry) => entry.issuer === issuer.id,
  );
  const ended = new Set(revoked.map(({ serial }) => serial));
  const held = (store.values("hold") as unknown as Hold[]).filter(
    (hold) => hold.issuer === issuer.id && now < hold.until && !ended.has(hold.serial),
  );
  const list = await X509CrlGenerator.create({
    issuer: issuer.certificate.subjectName,
    thisUpdate: new Date(now),
    nextUpdate: new Date(now + NEXT_UPDATE_MS),
    entries: [
      ...revoked.map(({ serial, time }) => ({
        serialNumber: serial,
        revocationDate: new Date(time),
        reason: X509CrlReason.privilegeWithdrawn,
      })),
      ...held.map(({ serial, since }) => ({
        serialNumber: serial,
        revocationDate: new Date(since),
        reason: X509CrlReason.certificateHold,
      })),
    ],
    signingKey: issuer.signingKey,
    signingAlgorithm: ed25519,
  });
  return new Uint8Array(list.rawData);
}
