import { BYTES } from "@anamnesis/crypto/verify";
import { blob, bytes, document, flag, literal, object, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/**
 * Values of the three provable maps: what a state proof says about a grant, a certificate or a member.
 * Ids: gid and fingerprint as 64 hex digits, institution id as text. Times are Unix milliseconds.
 */

const grantStateShape = object({
  v: literal(1),
  digest: bytes(32),
  expiresAt: uint,
  revokedAt: uint,
});
/** Map `grants`. `revokedAt` 0: not revoked. A grant is live at `time` when revokedAt is 0 and time < expiresAt. */
export type GrantState = Shaped<typeof grantStateShape>;
export const grantState = document("Grant state", grantStateShape);

const certificateStateShape = object({
  v: literal(1),
  issuer: text(64),
  name: text(128),
  role: text(32),
  institution: text(64),
  signingKey: bytes(32),
  boxKey: bytes(BYTES.boxPublicKey),
  validFrom: uint,
  validTo: uint,
  der: blob(6_000),
  revokedAt: uint,
});
/** Map `keys`. Kept for ever; `revokedAt` 0: not revoked. Live at `time` when validFrom <= time <= validTo and revokedAt is 0. */
export type CertificateState = Shaped<typeof certificateStateShape>;
export const certificateState = document("Certificate state", certificateStateShape);

const institutionStateShape = object({
  v: literal(1),
  name: text(128),
  level: text(32),
  nodeKey: bytes(32),
  boxKey: bytes(BYTES.boxPublicKey),
  address: text(256),
  suspended: flag,
});
/** Map `institutions`. `suspended`: its node may not carry slips for now. */
export type InstitutionState = Shaped<typeof institutionStateShape>;
export const institutionState = document("Institution state", institutionStateShape);

/** Whether a certificate counts at `time`. */
export const certificateLive = (
  certificate: Pick<CertificateState, "validFrom" | "validTo" | "revokedAt">,
  time: number,
): boolean =>
  certificate.revokedAt === 0 && certificate.validFrom <= time && time <= certificate.validTo;

/** Whether a grant counts at `time`. */
export const grantLive = (
  grant: Pick<GrantState, "expiresAt" | "revokedAt">,
  time: number,
): boolean => grant.revokedAt === 0 && time < grant.expiresAt;
