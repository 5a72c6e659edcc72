import { encodeCanonical, verifySignature } from "@anamnesis/crypto/verify";
import { chainIdShape, institutionIdShape } from "./ids.ts";
import { bytes, item, tuple, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";
import type { VerifySignature } from "./verifyOnce.ts";

/** Canonical CBOR [chain, height, appHash, time, institution, signature]. */
export const headShape = tuple({
  chain: chainIdShape,
  height: uint,
  appHash: bytes(32),
  /** Unix milliseconds. */
  time: uint,
  institution: institutionIdShape,
  /** By the member's node key. */
  signature: bytes(64),
});
/** A signed head: "at `time`, `height` was my newest" (for an older height asked for later: when I committed it). */
export type Head = Readonly<Shaped<typeof headShape>>;
export const headDocument = item("Head", headShape);
export const { encode: encodeHead, decode: decodeHead } = headDocument;

const message = (head: Omit<Head, "signature">): Uint8Array =>
  encodeCanonical([head.chain, head.height, head.appHash, head.time, head.institution]);

export const makeHead = (
  head: Omit<Head, "signature">,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Head => ({
  ...head,
  signature: sign("HEAD", message(head)),
});

export const verifyHead = (
  head: Head,
  publicKey: Uint8Array,
  verify: VerifySignature = verifySignature,
): boolean =>
  verify({ type: "HEAD", message: message(head), publicKey, signature: head.signature });
