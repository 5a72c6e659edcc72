import { ed25519 } from "@noble/curves/ed25519.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 as nobleSha256, sha512 } from "@noble/hashes/sha2.js";
import { shake128 as nobleShake128 } from "@noble/hashes/sha3.js";
import { concat, equalBytes, os2ip } from "../encoding/bytes.ts";
import type { Ed25519VerifyInput, GcmInput, Sha256 } from "./primitives.ts";

interface WebKey {
  readonly type: string;
}

interface GcmParams {
  readonly name: "AES-GCM";
  readonly iv: Uint8Array;
  readonly additionalData: Uint8Array;
}

/** The part of WebCrypto that is used here; this package compiles without any platform's types. */
interface WebCrypto {
  getRandomValues(bytes: Uint8Array): Uint8Array;
  readonly subtle: {
    importKey(
      format: "raw",
      key: Uint8Array,
      algorithm: "AES-GCM",
      extractable: boolean,
      uses: readonly string[],
    ): Promise<WebKey>;
    encrypt(params: GcmParams, key: WebKey, data: Uint8Array): Promise<ArrayBuffer>;
    decrypt(params: GcmParams, key: WebKey, data: Uint8Array): Promise<ArrayBuffer>;
  };
}

const webCrypto = (globalThis as unknown as { crypto: WebCrypto }).crypto;

/** `getRandomValues` refuses more at once. */
const RANDOM_MAX_BYTES = 65536;

export function randomBytes(length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let offset = 0; offset < length; offset += RANDOM_MAX_BYTES) {
    webCrypto.getRandomValues(out.subarray(offset, offset + RANDOM_MAX_BYTES));
  }
  return out;
}

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const inner = nobleSha256.create();
  for (const part of parts) inner.update(part);
  return inner.digest();
}

export function createSha256(): Sha256 {
  const inner = nobleSha256.create();
  const outer: Sha256 = {
    update(bytes) {
      inner.update(bytes);
      return outer;
    },
    digest: () => inner.digest(),
  };
  return outer;
}

export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, message);
}

export function shake128(bytes: Uint8Array, length: number): Uint8Array {
  return nobleShake128(bytes, { dkLen: length });
}

function importKey(key: Uint8Array): Promise<WebKey> {
  return webCrypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

export async function gcmSeal({ key, nonce, aad, data }: GcmInput): Promise<Uint8Array> {
  const params = { name: "AES-GCM", iv: nonce, additionalData: aad } as const;
  return new Uint8Array(await webCrypto.subtle.encrypt(params, await importKey(key), data));
}

export async function gcmOpen({
  key,
  nonce,
  aad,
  data,
}: GcmInput): Promise<Uint8Array | undefined> {
  const params = { name: "AES-GCM", iv: nonce, additionalData: aad } as const;
  const imported = await importKey(key);
  try {
    return new Uint8Array(await webCrypto.subtle.decrypt(params, imported, data));
  } catch {
    return undefined; // WebCrypto gives one OperationError, for a wrong tag and for data too short to hold one.
  }
}

export function ed25519PublicKey(secretKey: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(secretKey);
}

export function ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return ed25519.sign(message, secretKey);
}

/** noble's own `verify` multiplies by the cofactor and so accepts more than OpenSSL and libsodium do. */
export function ed25519Verify({ publicKey, signature, message }: Ed25519VerifyInput): boolean {
  const { Point } = ed25519;
  const r = signature.subarray(0, 32);
  const s = os2ip(signature.subarray(32).toReversed());
  const k = Point.Fn.create(os2ip(sha512(concat(r, publicKey, message)).toReversed()));
  const expected = Point.BASE.multiplyUnsafe(s).subtract(
    Point.fromBytes(publicKey).multiplyUnsafe(k),
  );
  return equalBytes(expected.toBytes(), r);
}
