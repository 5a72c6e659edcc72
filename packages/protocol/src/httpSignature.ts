import {
  fromBase64url,
  sha256,
  toBase64url,
  utf8,
  verifySignatureRaw,
} from "@anamnesis/crypto/verify";
import { AnamnesisError } from "./errors.ts";
import type { SignedRequest } from "./denials.ts";
import { limits } from "./limits.ts";

/**
 * HTTP Message Signatures (RFC 9421), the profile that every server of Anamnesis uses: one signature `sig1`, Ed25519,
 * over "@method" "@authority" "@path" "content-digest" (RFC 9530, sha-256), with created, nonce, keyid and alg.
 *
 * keyid is a certificate's fingerprint (64 hex digits) or, for keys that have no certificate, `ed25519:` and the
 * base64url of the 32-byte public key.
 */
const components = '("@method" "@authority" "@path" "content-digest")';

export interface RequestLine {
  readonly method: string;
  /** Host and port as in the Host header. */
  readonly authority: string;
  /** Path without query. */
  readonly path: string;
}
export interface SignableRequest extends RequestLine {
  readonly body: Uint8Array;
}

/** Standard base64 with padding, as structured fields (RFC 8941) write byte sequences. */
const toBase64 = (bytes: Uint8Array): string => {
  const text = toBase64url(bytes).replaceAll("-", "+").replaceAll("_", "/");
  return text + "=".repeat((4 - (text.length % 4)) % 4);
};
const fromBase64 = (text: string): Uint8Array =>
  fromBase64url(text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""));

const contentDigest = (body: Uint8Array): string => `sha-256=:${toBase64(sha256(body))}:`;

const signatureBase = (request: RequestLine, digest: string, params: string): Uint8Array =>
  utf8(
    [
      `"@method": ${request.method.toUpperCase()}`,
      `"@authority": ${request.authority.toLowerCase()}`,
      `"@path": ${request.path}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${params}`,
    ].join("\n"),
  );

/**
 * Headers that sign a request.
 * @param sign - Ed25519 over the signature base as it stands (RFC 9421 3.3.6), 64 bytes.
 * @param created - Unix milliseconds; sent as whole seconds.
 * @param nonce - At least 16 random bytes.
 */
export function signRequest(
  request: SignableRequest,
  keyId: string,
  sign: (message: Uint8Array) => Uint8Array,
  created: number,
  nonce: Uint8Array,
): Record<"content-digest" | "signature-input" | "signature", string> {
  const digest = contentDigest(request.body);
  const params = `${components};created=${Math.floor(created / 1000)};nonce="${toBase64url(nonce)}";keyid="${keyId}";alg="ed25519"`;
  return {
    "content-digest": digest,
    "signature-input": `sig1=${params}`,
    signature: `sig1=:${toBase64(sign(signatureBase(request, digest, params)))}:`,
  };
}

/** The key id of a key without a certificate. */
export const bareKeyId = (publicKey: Uint8Array): string => `ed25519:${toBase64url(publicKey)}`;

/**
 * The public key in a bare key id, or `undefined` when the id names a certificate.
 * @throws {AnamnesisError} SIGNATURE_INVALID
 */
export function bareKey(keyId: string): Uint8Array | undefined {
  if (!keyId.startsWith("ed25519:")) return undefined;
  const key = decoded(() => fromBase64url(keyId.slice("ed25519:".length)));
  if (key.length !== 32) throw invalid("its bare key is not 32 bytes");
  return key;
}

export interface ParsedSignature {
  readonly keyId: string;
  readonly nonce: string;
  /** Unix milliseconds. */
  readonly created: number;
  /** All that was signed, as it came. */
  readonly signed: SignedRequest;
  /** `false` when the signature does not verify under this key. It covers the body by its digest alone. */
  verify(publicKey: Uint8Array): boolean;
  /** `false` when this is not the body whose digest was signed. */
  covers(body: Uint8Array): boolean;
}

const inputPattern =
  /^sig1=(\("@method" "@authority" "@path" "content-digest"\);created=(\d{1,12});nonce="([A-Za-z0-9_-]{22,86})";keyid="([A-Za-z0-9:_-]{1,128})";alg="ed25519")$/;
const digestPattern = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;
const signaturePattern = /^sig1=:([A-Za-z0-9+/]{86}==):$/;

/**
 * Parses the signature of a request from its head alone; the caller looks the key up, verifies, remembers the nonce, and
 * compares the body once it is there.
 * @param now - The server's clock, Unix milliseconds.
 * @throws {AnamnesisError} SIGNATURE_REQUIRED, SIGNATURE_INVALID (form or clock).
 */
export function parseRequestSignature(
  request: RequestLine,
  headers: Readonly<Record<string, string | undefined>>,
  now: number,
): ParsedSignature {
  const parsed = readRequestSignature(request, headers);
  if (Math.abs(parsed.created - now) > limits.requestSkewMs)
    throw invalid("it was not made within the last minute");
  return parsed;
}

/** The same of a request that came at some time. @throws {AnamnesisError} SIGNATURE_REQUIRED, SIGNATURE_INVALID (form). */
export function readRequestSignature(
  request: RequestLine,
  headers: Readonly<Record<string, string | undefined>>,
): ParsedSignature {
  const input = headers["signature-input"];
  const signature = headers["signature"];
  if (input === undefined || signature === undefined)
    throw new AnamnesisError(
      "SIGNATURE_REQUIRED",
      "Request is not signed: want an RFC 9421 signature sig1",
    );
  const inputMatch = inputPattern.exec(input);
  const signatureMatch = signaturePattern.exec(signature);
  if (inputMatch === null || signatureMatch === null)
    throw invalid("its headers are not in the form of this profile");
  const [, params, seconds, nonce, keyId] = inputMatch as unknown as [
    string,
    string,
    string,
    string,
    string,
  ];
  const digest = headers["content-digest"];
  if (digest === undefined || !digestPattern.test(digest))
    throw invalid("want a content digest, sha-256");
  const bytes = decoded(() => fromBase64(signatureMatch[1]!));
  const line = {
    method: request.method.toUpperCase(),
    authority: request.authority.toLowerCase(),
    path: request.path,
  };
  const base = signatureBase(line, digest, params);
  return {
    keyId,
    nonce,
    created: Number(seconds) * 1000,
    signed: { v: 1, ...line, contentDigest: digest, input, signature },
    verify: (publicKey) => verifySignatureRaw({ message: base, publicKey, signature: bytes }),
    covers: (body) => digest === contentDigest(body),
  };
}

function decoded(decode: () => Uint8Array): Uint8Array {
  try {
    return decode();
  } catch {
    throw invalid("its base64 has stray bits");
  }
}

const invalid = (why: string) =>
  new AnamnesisError("SIGNATURE_INVALID", `Request signature refused: ${why}`);

/** Remembers nonces for as long as their request could be replayed. */
export class NonceMemory {
  readonly #seen = new Map<string, number>();

  /** @throws {AnamnesisError} NONCE_REUSED */
  use(keyId: string, nonce: string, now: number): void {
    for (const [key, until] of this.#seen) {
      if (until >= now) break;
      this.#seen.delete(key);
    }
    const key = `${keyId} ${nonce}`;
    if (this.#seen.has(key))
      throw new AnamnesisError("NONCE_REUSED", "Request refused: its nonce was used already");
    this.#seen.set(key, now + 2 * limits.requestSkewMs);
  }
}
