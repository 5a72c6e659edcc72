import { encodeCanonical } from "@anamnesis/crypto/verify";
import { replyShape } from "./boxPost.ts";
import { certificateDer } from "./certificateDer.ts";
import { limits } from "./limits.ts";
import { actions, openingActions, purposes } from "./grants.ts";
import { readerShape } from "./reader.ts";
import {
  blob,
  bytes,
  document,
  flag,
  list,
  literal,
  nullable,
  object,
  oneOf,
  text,
  uint,
} from "./shape.ts";
import type { Shaped } from "./shape.ts";
import { traceFields } from "./trace.ts";

const accessRequestShape = object({
  v: literal(1),
  /** The doctor's certificate, DER. */
  certificate: certificateDer,
  /** For whom access is asked: the doctor's certificate, or the doctor's institution and role. */
  reader: readerShape,
  /** null: no choice made, so all. */
  categories: nullable(list(text(32), 32)),
  records: nullable(list(bytes(32), limits.grantRecords)),
  /** Whether sensitive records are asked for, too; those in `records` are asked for in any case. */
  sensitive: flag,
  actions: list(oneOf(...actions), 4),
  purpose: oneOf(...purposes),
  until: uint,
  /** 32 random bytes; `access.request` carries SHA-256(r), `access.refuse` shows r. */
  r: bytes(32),
  /** By which the patient answers into the doctor's box, once: a grant or a refusal. */
  reply: replyShape,
  text: text(1_000),
});
/** The body of an access request. */
export type AccessRequest = Shaped<typeof accessRequestShape>;
export const accessRequest = document("Access request", accessRequestShape);

const signedRequestShape = object({
  v: literal(1),
  request: blob(128 * 1024),
  signature: bytes(64),
});
/** Sealed to the patient's box as a message; signature type ACCESS-REQUEST-BODY by the doctor's certified key. */
export const signedAccessRequest = document("Signed access request", signedRequestShape);

const tokenRequestShape = object({
  v: literal(1),
  /** 16 random bytes by which the doctor matches the answers. */
  id: bytes(16),
  certificate: certificateDer,
  institution: text(64),
  /** One entry per visit wanted: its categories. */
  visits: list(list(text(32), 32), 512),
  time: uint,
});
/** A doctor who holds the contact card asks for visit tokens. */
export type TokenRequest = Shaped<typeof tokenRequestShape>;
export const tokenRequest = document("Token request", tokenRequestShape);
const signedTokenRequestShape = object({
  v: literal(1),
  request: blob(128 * 1024),
  signature: bytes(64),
});
/** Signature type TOKEN-REQUEST by the doctor's certified key. */
export const signedTokenRequest = document("Signed token request", signedTokenRequestShape);

const tokenAnswerShape = object({
  v: literal(1),
  /** Id of the request, or 16 zero bytes where the patient opened the visit unasked. */
  id: bytes(16),
  /** Index in the request's `visits`. */
  index: uint,
  /** A signed visit token; empty when the owner's rules refuse. */
  token: blob(limits.visitTokenBytes + 16 * 1024),
});
export const tokenAnswer = document("Token answer", tokenAnswerShape);

const reencryptItemShape = object({
  /** SlipProof of the version's slip, and of the session.open of its visit. */
  record: blob(64 * 1024),
  /** The record's first slip where the version's names neither visit nor tag (record.amendForeign, record.rewrap); else null. */
  original: nullable(blob(limits.slipBytes)),
  session: blob(64 * 1024),
  /** The record's header as stored: its author, visit and tag must be the slip's, so that no slip lends its name to another's capsule. */
  header: blob(4_096),
  /** The capsules in order, as stored. */
  capsules: blob(16 * 1024),
  bodyHash: bytes(32),
  /** SlipProof of the record.confirm of this version; null: none, which does for treatment alone. */
  confirmation: nullable(blob(64 * 1024)),
});
const reencryptRequestShape = object({
  v: literal(1),
  suite: literal("MRS-V1"),
  gid: bytes(32),
  intent: bytes(32),
  salt: bytes(32),
  /** Every digest that the intent commits to, in order. */
  digests: list(bytes(32), limits.intentCapsules),
  action: oneOf(...openingActions),
  purpose: oneOf(...purposes),
  items: list(reencryptItemShape, limits.intentCapsules),
});
/** What a reader asks of each proxy, signed by RFC 9421 under their certified key. */
export type ReencryptRequest = Shaped<typeof reencryptRequestShape>;
export const reencryptRequest = document(
  "Re-encryption request",
  reencryptRequestShape,
  limits.messageBytes,
);

/** Per item: AES-256-GCM under the reply key, aad enc(intent, digest), of GT(w_i), 576 bytes (or of the 80-byte share proof). */
const reencryptAnswerShape = object({
  v: literal(1),
  items: list(blob(1024), limits.intentCapsules),
});
export type ReencryptAnswer = Shaped<typeof reencryptAnswerShape>;
/** Inside the seal to the intent's certificate (info `hpkeInfo.answer`): whoever only knows the grant's secrets reads nothing. */
export const reencryptAnswer = document("Re-encryption answer", reencryptAnswerShape);

/** What a reader asks proxies for: shares, or proofs that they were right. */
export type AskedFor = "shares" | "proofs";

/** Additional data of a sealed answer: one proxy's, to one of the two questions, under one intent of one grant. */
export const answerContext = (
  askedFor: AskedFor,
  { gid, intent }: Pick<ReencryptRequest, "gid" | "intent">,
  index: number,
): Uint8Array => encodeCanonical([askedFor, gid, intent, index]);

/** Signature type RECEIPT by the proxy over cbor[gid, erasedAt]. */
const receiptFields = { erasedAt: uint, signature: bytes(64) };
const erasureReceiptShape = object({ v: literal(1), ...receiptFields });
/** That a proxy erased its shares of a grant, and when. */
export type ErasureReceipt = Shaped<typeof erasureReceiptShape>;
export const erasureReceipt = document("Erasure receipt", erasureReceiptShape);

const evidenceShape = object({
  v: literal(1),
  intents: list(
    object({
      intent: bytes(32),
      reader: bytes(32),
      salt: bytes(32),
      action: oneOf(...openingActions),
      purpose: oneOf(...purposes),
      digests: list(bytes(32), limits.intentCapsules),
      time: uint,
    }),
    limits.grantUses,
  ),
  receipt: nullable(object(receiptFields)),
});
/** What a proxy keeps for the patient. */
export type Evidence = Shaped<typeof evidenceShape>;
export const evidence = document("Evidence", evidenceShape, limits.messageBytes);

const sessionIntakeShape = object({
  v: literal(1),
  /** Never on a chain. */
  ...traceFields,
  slip: blob(limits.slipBytes),
});
/** Sealed to the institution's node (info `hpkeInfo.session`, aad chain id): opens a visit there. */
export const sessionIntake = document("Session intake", sessionIntakeShape);
