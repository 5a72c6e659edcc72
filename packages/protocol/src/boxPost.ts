import { enc, encodeCanonical, equalBytes, hmacSha256, sha256 } from "@anamnesis/crypto/verify";
import { limits } from "./limits.ts";
import { blob, bytes, document, literal, nullable, object, uint, variants } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/**
 * By what a writer shows that room in a box is kept for them; who they are it does not say. Spec: docs/spec/messages.md M-18.
 * - `card`: they hold a contact card of the box, which has its `postKey`;
 * - `reply`: they answer a request out of the box, once.
 */
const postProofShape = variants("by", {
  card: { mac: bytes(32) },
  reply: { nonce: bytes(16), notAfter: uint, mac: bytes(32) },
});
export type PostProof = Shaped<typeof postProofShape>;

const boxPostShape = object({
  v: literal(1),
  /** Whole buckets. */
  sealed: blob(limits.messageBytes),
  /** `null`: as anybody may write. */
  proof: nullable(postProofShape),
});
/** A sealed message as it is posted to a box. */
export type BoxPost = Shaped<typeof boxPostShape>;
export const boxPost = document("Message to a box", boxPostShape, limits.messageBytes + 256);

/** Lets one answer a request, once, until `notAfter`; it goes inside the sealed request. */
export const replyShape = object({ nonce: bytes(16), notAfter: uint, key: bytes(32) });
export type Reply = Shaped<typeof replyShape>;

/** What a box's owner gives to whom they ask: made of the box's postKey, so that its node need not be told. */
export const makeReply = (
  postKey: Uint8Array,
  { nonce, notAfter }: Pick<Reply, "nonce" | "notAfter">,
): Reply => ({
  nonce,
  notAfter,
  key: hmacSha256(postKey, enc("MRS-V1-REPLY", nonce, encodeCanonical(notAfter))),
});

const macOf = (key: Uint8Array, box: Uint8Array, sealed: Uint8Array): Uint8Array =>
  hmacSha256(key, enc("MRS-V1-POST", box, sha256(sealed)));

interface Posted {
  readonly box: Uint8Array;
  readonly sealed: Uint8Array;
}

export const proveByCard = (postKey: Uint8Array, { box, sealed }: Posted): PostProof => ({
  by: "card",
  mac: macOf(postKey, box, sealed),
});

export const proveByReply = (
  { nonce, notAfter, key }: Reply,
  { box, sealed }: Posted,
): PostProof => ({ by: "reply", nonce, notAfter, mac: macOf(key, box, sealed) });

/** Whether this proof was made with this box's postKey for this very message. That a reply is used once is asked elsewhere. */
export function verifyPostProof(
  proof: PostProof,
  postKey: Uint8Array,
  { box, sealed }: Posted,
): boolean {
  const key = proof.by === "card" ? postKey : makeReply(postKey, proof).key;
  return equalBytes(proof.mac, macOf(key, box, sealed));
}
