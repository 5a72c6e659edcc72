import { ed25519Verify } from "#primitives";
import { enc, os2ip, toHex } from "../encoding/bytes.ts";

/** Order of the Ed25519 base point (RFC 8032 5.1). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;

/** The eight points of small order in their canonical encodings (orders 1, 2, 4, 4, 8, 8, 8, 8). */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]);

export interface SignedMessage {
  /** What kind of statement this is, e.g. `INNER`; ends up as "MRS-V1-SIG-INNER". */
  readonly type: string;
  readonly message: Uint8Array;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** What is signed: `enc("MRS-V1-SIG-" || type, bytes)`, so that a signature of one type never counts as another. */
export function signatureInput(type: string, bytes: Uint8Array): Uint8Array {
  return enc(`MRS-V1-SIG-${type}`, bytes);
}

/**
 * Whether these 32 bytes may stand as an Ed25519 key: canonical y (below 2^255 - 19), not of small order, and no
 * "minus zero". Whether they are a point at all shows when a signature is verified.
 */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32 || SMALL_ORDER.has(toHex(publicKey))) return false;
  const y = littleEndian(publicKey) & (2n ** 255n - 1n);
  // x = 0 has no second sign; its only points are y = 1 and y = -1.
  return y < P && y !== 1n && y !== P - 1n;
}

/**
 * Verifies one Ed25519 signature (RFC 8032 5.1.7, strict) over {@link signatureInput}.
 *
 * Refused before any arithmetic: keys that are not {@link isStrictPublicKey}, `S` of the group order or above, `R` of
 * small order or non-canonical. Then [S]B = R + [k]A must hold as it stands, without the cofactor, with k reduced mod L:
 * what OpenSSL and libsodium check, and what the web's build does here. Vectors: tests/vectors/ed25519-edges.json.
 *
 * @returns `false` for anything but a valid signature; it does not throw. Variable time; all inputs are public.
 */
export function verifySignature({ type, message, publicKey, signature }: SignedMessage): boolean {
  return verifySignatureRaw({ message: signatureInput(type, message), publicKey, signature });
}

/**
 * {@link verifySignature} over the message as it stands, without our domain separation: for formats that bring their
 * own, such as HTTP Message Signatures (RFC 9421 3.3.6).
 */
export function verifySignatureRaw({
  message,
  publicKey,
  signature,
}: Omit<SignedMessage, "type">): boolean {
  if (signature.length !== 64 || !isStrictPublicKey(publicKey)) return false;
  if (!isStrictPublicKey(signature.subarray(0, 32))) return false;
  if (littleEndian(signature.subarray(32)) >= L) return false;
  try {
    return ed25519Verify({ publicKey, signature, message });
  } catch {
    return false; // The key is canonical bytes but no point of the curve.
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  return os2ip(bytes.toReversed());
}
