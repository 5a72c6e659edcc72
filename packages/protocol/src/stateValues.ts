import { BYTES, equalBytes, sha256 } from "@anamnesis/crypto/verify";
import { certificateDer } from "./certificateDer.ts";
import { institutionIdShape } from "./ids.ts";
import { roles } from "./enrolment.ts";
import { institutionKinds } from "./institutionKinds.ts";
import { limits } from "./limits.ts";
import { bytes, document, flag, list, literal, object, oneOf, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";
import { voterShape } from "./voters.ts";

/**
 * Values of the three provable maps: what a state proof says about a grant, a certificate or a member.
 * Ids: gid and fingerprint as 64 hex digits, institution id as text. Times are Unix milliseconds.
 */

const grantStateShape = object({
  v: literal(1),
  digest: bytes(32),
  expiresAt: uint,
  revokedAt: uint,
  reader: bytes(32),
  revoker: bytes(32),
});
/** Map `grants`. `reader` and `revoker` as published. `revokedAt` 0: not revoked. A grant is live at `time` when revokedAt is 0 and time < expiresAt. */
export type GrantState = Shaped<typeof grantStateShape>;
export const grantState = document("Grant state", grantStateShape);

/** What a chain holds of a certificate. `revokedAt` 0: not revoked. It signs nothing before `suspendedUntil`, 0 for never suspended. */
export const certificateFields = {
  issuer: text(64),
  name: text(128),
  role: oneOf(...roles),
  institution: text(64),
  signingKey: bytes(32),
  boxKey: bytes(BYTES.boxPublicKey),
  validFrom: uint,
  validTo: uint,
  der: certificateDer,
  /** To the holder's identity: registration.ts. */
  commitment: bytes(32),
  revokedAt: uint,
  suspendedUntil: uint,
  /** Voters suspended it: its institution alone does not lift that. */
  suspendedByVoters: flag,
};
const certificateStateShape = object({ v: literal(1), ...certificateFields });
/** Map `keys`. Kept for ever; `revokedAt` 0: not revoked. Live at `time` when validFrom <= time <= validTo, revokedAt is 0 and suspendedUntil <= time. */
export type CertificateState = Shaped<typeof certificateStateShape>;
export const certificateState = document("Certificate state", certificateStateShape);

const institutionStateShape = object({
  v: literal(1),
  name: text(128),
  level: oneOf(...institutionKinds),
  power: uint,
  nodeKey: bytes(32),
  consensusKey: bytes(32),
  boxKey: bytes(BYTES.boxPublicKey),
  address: text(256),
  suspended: flag,
});
/** Map `institutions`. `power`: its weight as a voter; `suspended`: its node may not carry slips for now, nor does it vote. */
export type InstitutionState = Shaped<typeof institutionStateShape>;
export const institutionState = document("Institution state", institutionStateShape);

const careChainShape = object({
  v: literal(1),
  institution: institutionIdShape,
  genesis: bytes(32),
  voters: list(voterShape, limits.members, 1),
});
/** Map `institutions` of the consortium, under {@link careChainEntry}: a care chain's genesis hash and who votes there. */
export type CareChainState = Shaped<typeof careChainShape>;
export const careChainState = document("Care chain state", careChainShape);

/** The id of a care chain's entry, which no institution can have. */
export const careChainEntry = (chain: string): string => `chain/${chain}`;

/** Whether a certificate counts at `time`. */
export const certificateLive = (
  certificate: Pick<CertificateState, "validFrom" | "validTo" | "revokedAt" | "suspendedUntil">,
  time: number,
): boolean =>
  certificate.revokedAt === 0 &&
  certificate.validFrom <= time &&
  time <= certificate.validTo &&
  certificate.suspendedUntil <= time;

/** Whether a key may end the grant under `gid`: its own, or its revoker's. */
export function endsGrant(
  { gid, key }: { readonly gid: Uint8Array; readonly key: Uint8Array },
  { revoker }: Pick<GrantState, "revoker">,
): boolean {
  const hash = sha256(key);
  return equalBytes(hash, gid) || equalBytes(hash, revoker);
}

/** Whether a grant counts at `time`. */
export const grantLive = (
  grant: Pick<GrantState, "expiresAt" | "revokedAt">,
  time: number,
): boolean => grant.revokedAt === 0 && time < grant.expiresAt;
