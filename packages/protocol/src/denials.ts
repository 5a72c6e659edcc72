import { sha256 } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import { readRequestSignature } from "./httpSignature.ts";
import type { Fingerprint } from "./ids.ts";
import { limits } from "./limits.ts";
import { document, literal, object, oneOf, text } from "./shape.ts";
import type { Shaped } from "./shape.ts";

/** For what a proxy turns a reader away and tells the patient, in the order of its checks (P-6). */
export const denialCodes = [
  "CERTIFICATE_NOT_LIVE",
  "GRANT_NOT_HELD",
  "GRANT_SIGNATURE",
  "OUTSIDE_GRANT_TIME",
  "GRANT_NOT_LIVE",
  "TAG_NOT_GRANTED",
  "RECORD_NOT_GRANTED",
  "ACTION_NOT_GRANTED",
  "PURPOSE_NOT_GRANTED",
  "INTENT_MISSING",
  "NOT_ON_CHAIN",
  "NOT_CONFIRMED",
  "CAPSULE_INVALID",
] as const;
export type DenialCode = (typeof denialCodes)[number];
export const denialCodeShape = oneOf(...denialCodes);
export const isDenialCode = (code: string): code is DenialCode =>
  (denialCodes as readonly string[]).includes(code);

const signedRequestShape = object({
  v: literal(1),
  method: text(8),
  /** Host and port, as the Host header named them. */
  authority: text(262),
  /** As sent, without the query. */
  path: text(512),
  /** The three headers as sent. The body is covered by its digest alone, and not here. */
  contentDigest: text(64),
  input: text(512),
  signature: text(128),
});
/** All that a request's signature covers, with the signature: who asked whom for what under which grant, and when. */
export type SignedRequest = Shaped<typeof signedRequestShape>;
export const signedRequest = document("Signed request", signedRequestShape);

/** What `usage.denied` holds of the request that was turned away. */
export const evidenceOf = (request: SignedRequest): Uint8Array =>
  sha256(signedRequest.encode(request));

/** What a denial says, and against what its request is held. */
export interface DenialClaim {
  /** Of the reader's certificate. */
  readonly reader: Fingerprint;
  /** The certificate's signing key, 32 bytes. */
  readonly signingKey: Uint8Array;
  /** Of the proxy that denied: host and port. */
  readonly authority: string;
  /** The paths under which a proxy is asked for shares of the grant. */
  readonly paths: readonly string[];
  /** When the proxy said so, Unix milliseconds. */
  readonly time: number;
}

/**
 * Whether this reader asked this proxy under this grant, not long before it said so: signed by their key, over this path,
 * for this proxy. What the proxy answered remains its word.
 */
export function isAskedAs(request: SignedRequest, claim: DenialClaim): boolean {
  const { method, authority, path, contentDigest, input, signature } = request;
  if (method !== "POST" || authority !== claim.authority || !claim.paths.includes(path))
    return false;
  const headers = { "content-digest": contentDigest, "signature-input": input, signature };
  const read = wellFormed(() => readRequestSignature(request, headers));
  return (
    read !== undefined &&
    read.keyId === claim.reader &&
    Math.abs(claim.time - read.created) <= limits.deniedWithinMs &&
    read.verify(claim.signingKey)
  );
}

function wellFormed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof AnamnesisError) return undefined;
    throw error;
  }
}
