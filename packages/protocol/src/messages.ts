import { concat, i2osp } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import { limits } from "./limits.ts";
import { blob, bytes, document, literal, object, oneOf, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/** What lies in a mailbox, once opened. `body` is the document that `type` names. */
export const messageTypes = [
  "visit.token", // tokenAnswer
  "token.request", // signedTokenRequest
  "record.notice", // recordNotice
  "record.dispute", // disputeReason
  "access.request", // signedAccessRequest
  "access.refused", // 32 bytes: slip id of the request
  "grant", // grantMessage
  "lookup.notice", // UTF-8: who looked up the contact card
] as const;
export type MessageType = (typeof messageTypes)[number];

const messageShape = object({
  v: literal(1),
  type: oneOf(...messageTypes),
  body: blob(limits.messageBytes),
});
export type Message = Shaped<typeof messageShape>;
const message = document("Message", messageShape, limits.messageBytes);

const recordNoticeShape = object({
  v: literal(1),
  chain: text(64),
  pid: bytes(32),
  record: bytes(32),
  slip: bytes(32),
});
/** A record was written or amended (`slip` = `record` for the first version). */
export const recordNotice = document("Record notice", recordNoticeShape);

const disputeReasonShape = object({
  v: literal(1),
  chain: text(64),
  record: bytes(32),
  digest: bytes(32),
  text: text(4_000),
  /** The visit key and the times of the `record.dispute`, by which its author finds that slip and checks this against it. */
  key: bytes(32),
  time: uint,
  notAfter: uint,
});
export type DisputeReason = Shaped<typeof disputeReasonShape>;
/** Its SHA-256 as sealed stands in `record.dispute`. */
export const disputeReason = document("Dispute reason", disputeReasonShape);

/**
 * Codes a message for sealing: I2OSP(length,4) || CBOR || zeros, so that with the HPKE overhead of `overheadBytes` the
 * sealed message fills whole buckets of 4 KiB and its length says little.
 */
export function encodeMessage(
  value: { type: MessageType; body: Uint8Array },
  overheadBytes: number,
): Uint8Array {
  const encoded = message.encode({ v: 1, ...value });
  const bucket = limits.messageBucketBytes;
  const total = Math.ceil((4 + encoded.length + overheadBytes) / bucket) * bucket - overheadBytes;
  if (total + overheadBytes > limits.messageBytes)
    throw new AnamnesisError(
      "TOO_LARGE",
      `Message of ${encoded.length} bytes, at most ${limits.messageBytes} wanted`,
    );
  return concat(i2osp(encoded.length, 4), encoded, new Uint8Array(total - 4 - encoded.length));
}

/** @throws {AnamnesisError} MALFORMED and those of decoding. */
export function decodeMessage(padded: Uint8Array): Message {
  if (padded.length < 4)
    throw new AnamnesisError("MALFORMED", "Message is shorter than its length field");
  const length = new DataView(padded.buffer, padded.byteOffset, 4).getUint32(0);
  if (length > padded.length - 4)
    throw new AnamnesisError("MALFORMED", "Message is shorter than its length field says");
  return message.decode(padded.subarray(4, 4 + length));
}
