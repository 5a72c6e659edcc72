/// <reference types="node" />
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hash,
  randomBytes as nodeRandomBytes,
  sign,
  verify,
} from "node:crypto";
import { concat, equalBytes, toHex } from "../encoding/bytes.ts";
import type { Ed25519VerifyInput, GcmInput, Sha256 } from "./primitives.ts";

const GCM = "aes-256-gcm";
const TAG_BYTES = 16;

export function randomBytes(length: number): Uint8Array {
  return plain(nodeRandomBytes(length));
}

/** Parts are joined here, so that a hash of a few hundred bytes leaves no memory of its own behind: a ledger makes many. */
const joined = new Uint8Array(4_096);

export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  // As text of one byte a character ("binary"): a Buffer would be memory outside the heap, which costs more than the hash.
  const digest = hash("sha256", join(parts), "binary");
  const out = new Uint8Array(digest.length);
  for (let i = 0; i < out.length; i += 1) out[i] = digest.charCodeAt(i);
  return out;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > joined.length) return concat(...parts);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined.subarray(0, length);
}

export function createSha256(): Sha256 {
  const inner = createHash("sha256");
  const outer: Sha256 = {
    update(bytes) {
      inner.update(bytes);
      return outer;
    },
    digest: () => plain(inner.digest()),
  };
  return outer;
}

export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return plain(createHmac("sha256", key).update(message).digest());
}

export function shake128(bytes: Uint8Array, length: number): Uint8Array {
  return plain(hash("shake128", bytes, { outputEncoding: "buffer", outputLength: length }));
}

export function gcmSeal({ key, nonce, aad, data }: GcmInput): Promise<Uint8Array> {
  const cipher = createCipheriv(GCM, key, nonce);
  cipher.setAAD(aad);
  const body = cipher.update(data);
  const rest = cipher.final();
  return Promise.resolve(concat(body, rest, cipher.getAuthTag()));
}

export function gcmOpen({ key, nonce, aad, data }: GcmInput): Promise<Uint8Array | undefined> {
  if (data.length < TAG_BYTES) return Promise.resolve(undefined);
  const split = data.length - TAG_BYTES;
  const decipher = createDecipheriv(GCM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(data.subarray(split));
  const body = decipher.update(data.subarray(0, split));
  try {
    decipher.final();
  } catch {
    return Promise.resolve(undefined);
  }
  return Promise.resolve(plain(body));
}

// RFC 8410: the fixed DER prefixes of an Ed25519 PrivateKeyInfo and SubjectPublicKeyInfo.
const PKCS8_PREFIX = Uint8Array.from(Buffer.from("302e020100300506032b657004220420", "hex"));
const SPKI_PREFIX = Uint8Array.from(Buffer.from("302a300506032b6570032100", "hex"));

export function ed25519PublicKey(secretKey: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(secretKey)).export({ format: "der", type: "spki" });
  return plain(der).subarray(SPKI_PREFIX.length);
}

export function ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
  return plain(sign(null, message, privateKey(secretKey)));
}

export function ed25519Verify({ publicKey, signature, message }: Ed25519VerifyInput): boolean {
  return verify(null, message, readPublicKey(publicKey), signature);
}

type PublicKey = ReturnType<typeof createPublicKey>;

/** Public keys read last, by their bytes: reading one takes almost half as long as verifying with it. */
const readPublicKeys = new Map<string, PublicKey>();
const READ_PUBLIC_KEYS = 512;

/** @throws {Error} of `node:crypto` where the bytes are no point of the curve. */
function readPublicKey(publicKey: Uint8Array): PublicKey {
  const name = toHex(publicKey);
  const known = readPublicKeys.get(name);
  if (known !== undefined) return known;
  const der = Buffer.from(concat(SPKI_PREFIX, publicKey));
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  if (readPublicKeys.size === READ_PUBLIC_KEYS) readPublicKeys.clear();
  readPublicKeys.set(name, key);
  return key;
}

type PrivateKey = ReturnType<typeof createPrivateKey>;

/** Keys read before, by the array they came in and what it held: reading one costs as much as signing with it. */
const readKeys = new WeakMap<Uint8Array, { readonly der: Uint8Array; readonly key: PrivateKey }>();

function privateKey(secretKey: Uint8Array): PrivateKey {
  const der = Buffer.from(concat(PKCS8_PREFIX, secretKey));
  const known = readKeys.get(secretKey);
  if (known !== undefined && equalBytes(known.der, der)) return known.key;
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  readKeys.set(secretKey, { der, key });
  return key;
}

/** A plain view of a Buffer's bytes, so that results compare and clone like any other bytes. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
