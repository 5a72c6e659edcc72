import { slipCodes } from "../codes.ts";
import type { SlipCode } from "../codes.ts";
import { denialCodeShape } from "../denials.ts";
import {
  chainIdShape,
  fingerprintShape,
  institutionIdShape,
  pidShape,
  slipIdShape,
} from "../ids.ts";
import { institutionKinds } from "../institutionKinds.ts";
import { limits } from "../limits.ts";
import { BYTES } from "@anamnesis/crypto/verify";
import {
  blob,
  bytes,
  flag,
  hexId,
  list,
  literal,
  nullable,
  object,
  oneOf,
  optional,
  text,
  uint,
  variants,
} from "../shape.ts";
import type { Shaped } from "../shape.ts";
import { certificateFields } from "../stateValues.ts";

/** What nodes answer about chains. Times are block times in Unix milliseconds; ids and digests are hex, as people see them. */

/** SHA-256, as hex. */
export const digestShape = hexId<string>();
const slipCodeShape = oneOf(...(Object.keys(slipCodes) as SlipCode[]));

/** H-1 */
export const chainViewShape = object({
  chain: chainIdShape,
  kind: oneOf("care", "consortium"),
  height: uint,
  writer: institutionIdShape,
  role: oneOf("writer", "follower"),
  /** Why the chain stopped, where it did. */
  fault: optional(text(1_000)),
});
export type ChainView = Readonly<Shaped<typeof chainViewShape>>;

/** H-2: a slip that stands. */
export const acceptedShape = object({ id: slipIdShape, code: literal("OK"), height: uint });
/** H-3: what became of one slip. `id` is null when its form was refused, `height` absent when it came into no block. */
export const outcomeShape = object({
  id: nullable(slipIdShape),
  code: slipCodeShape,
  height: optional(uint),
});
export type SlipOutcome = Readonly<Shaped<typeof outcomeShape>>;

/** H-8 */
export const slipViewShape = object({
  slip: blob(limits.slipBytes),
  carrier: institutionIdShape,
  height: uint,
  time: uint,
});
export type SlipView = Readonly<Shaped<typeof slipViewShape>>;

const versionShape = object({
  /** Of the slip that brought it. */
  kind: oneOf(
    "record.submit",
    "record.amend",
    "record.own",
    "record.amendForeign",
    "record.rewrap",
  ),
  slip: slipIdShape,
  digest: digestShape,
  /** The digest under which this content stood first: another than `digest` after a `record.rewrap`. */
  began: digestShape,
  sealedId: bytes(BYTES.sealedId),
  /** Of this content: fingerprint of the author's certificate; the pid where the patient wrote it (`record.own`). */
  author: digestShape,
  time: uint,
});
export type VersionView = Readonly<Shaped<typeof versionShape>>;

/** H-11 */
export const recordViewShape = object({
  record: slipIdShape,
  institution: institutionIdShape,
  pid: pidShape,
  tag: hexId<string>(16),
  /** Oldest first. */
  versions: list(versionShape, 10_000),
  /** Versions that the patient confirmed, each with the slip that says so. */
  confirmed: list(object({ digest: digestShape, slip: slipIdShape }), 10_000),
  /** Digests of the versions that the patient disputed. */
  disputed: list(digestShape, 10_000),
});
export type RecordView = Readonly<Shaped<typeof recordViewShape>>;

/** H-12. `revokedAt` 0: not revoked. */
export const grantViewShape = object({
  digest: digestShape,
  expiresAt: uint,
  revokedAt: uint,
  reader: digestShape,
  revoker: digestShape,
});
export type GrantView = Readonly<Shaped<typeof grantViewShape>>;

const used = { slip: slipIdShape, time: uint, reader: fingerprintShape };
/** H-12a: one thing done under a grant. */
export const usageViewShape = variants("kind", {
  "usage.intent": used,
  "usage.done": { ...used, intent: slipIdShape, proxies: list(uint, 16, 1) },
  "usage.denied": { ...used, proxy: uint, code: denialCodeShape, evidence: digestShape },
});
export type UsageView = Readonly<Shaped<typeof usageViewShape>>;

/** H-12 */
export const sessionViewShape = object({
  institution: institutionIdShape,
  /** Ed25519: what signs for the visit now. */
  key: digestShape,
  /** The `session.open`. */
  slip: slipIdShape,
  time: uint,
  /** Rereadings by the authors of this visit's records, oldest first. */
  authors: list(
    object({
      slip: slipIdShape,
      record: slipIdShape,
      digest: digestShape,
      author: fingerprintShape,
      time: uint,
    }),
    100_000,
  ),
});
export type SessionView = Readonly<Shaped<typeof sessionViewShape>>;

/** H-13. `refused`: when it was refused; absent while it was not. */
export const requestViewShape = object({
  request: slipIdShape,
  reader: fingerprintShape,
  body: digestShape,
  refusal: digestShape,
  time: uint,
  refused: optional(uint),
});
export type RequestView = Readonly<Shaped<typeof requestViewShape>>;

/** H-14. `revokedAt` 0: not revoked. */
export const certificateViewShape = object({ fingerprint: fingerprintShape, ...certificateFields });
export type CertificateView = Readonly<Shaped<typeof certificateViewShape>>;

/** H-70. `power` 0: it does not vote. */
export const institutionViewShape = object({
  id: institutionIdShape,
  name: text(128),
  level: oneOf(...institutionKinds),
  power: uint,
  nodeKey: bytes(32),
  address: text(256),
  suspended: flag,
});
export type InstitutionView = Readonly<Shaped<typeof institutionViewShape>>;
