import { createSha256, hmacSha256, randomBytes, sha256, shake128 } from "#primitives";
import { concat, enc, i2osp, os2ip, utf8, xor } from "../encoding/bytes.ts";
import { CryptoError } from "../errors.ts";
import { GROUP_ORDER, SUITE } from "../suite.ts";

export { createSha256, hmacSha256, randomBytes, sha256, shake128 };

const HASH_BYTES = 32;
const BLOCK_BYTES = 64;
const SALT = utf8(SUITE);

/**
 * HKDF-SHA-256 (RFC 5869) with salt "MRS-V1" and info `enc(label, ctx)`.
 *
 * Built on HMAC itself: platform HKDFs refuse an info above 1024 bytes, and the suite's reaches 1431.
 *
 * @param length - Bytes wanted, up to 255 * 32.
 * @throws {CryptoError} `E_ARGUMENT` for another length.
 */
export function kdf(
  ikm: Uint8Array,
  label: string,
  ctx: Uint8Array | string,
  length: number,
): Uint8Array {
  if (!Number.isInteger(length) || length < 1 || length > 255 * HASH_BYTES) {
    throw new CryptoError(
      "E_ARGUMENT",
      `Cannot derive ${length} bytes, want 1 to ${255 * HASH_BYTES}`,
    );
  }
  const prk = hmacSha256(SALT, ikm);
  const info = enc(label, ctx);
  const out = new Uint8Array(Math.ceil(length / HASH_BYTES) * HASH_BYTES);
  let block: Uint8Array = new Uint8Array(0);
  for (let i = 0; i * HASH_BYTES < length; i += 1) {
    block = hmacSha256(prk, concat(block, info, Uint8Array.of(i + 1)));
    out.set(block, i * HASH_BYTES);
  }
  return out.slice(0, length);
}

/** expand_message_xmd with SHA-256 (RFC 9380 5.3.1); `dst` of 1 to 255 bytes, `length` up to 255 * 32. */
export function expandMessageXmd(message: Uint8Array, dst: string, length: number): Uint8Array {
  const dstPrime = concat(utf8(dst), i2osp(utf8(dst).length, 1));
  const blocks = Math.ceil(length / HASH_BYTES);
  const zeroPad = new Uint8Array(BLOCK_BYTES);
  const b0 = sha256(concat(zeroPad, message, i2osp(length, 2), Uint8Array.of(0), dstPrime));
  const out = new Uint8Array(blocks * HASH_BYTES);
  let block: Uint8Array = new Uint8Array(HASH_BYTES);
  for (let i = 1; i <= blocks; i += 1) {
    block = sha256(concat(xor(block, b0), Uint8Array.of(i), dstPrime));
    out.set(block, (i - 1) * HASH_BYTES);
  }
  return out.subarray(0, length);
}

/**
 * HS(label, message): a scalar mod q from 48 uniform bytes, DST "MRS-V1-HS-" || label.
 *
 * @throws {CryptoError} `E_DECRYPT` for the zero scalar, which nobody will see (probability 2^-255).
 */
export function hashToScalar(label: string, message: Uint8Array): bigint {
  const scalar = os2ip(expandMessageXmd(message, `MRS-V1-HS-${label}`, 48)) % GROUP_ORDER;
  if (scalar === 0n) throw new CryptoError("E_DECRYPT", "Cannot use scalar zero");
  return scalar;
}

/** A uniform scalar in 1..q-1 from 48 random bytes. */
export function randomScalar(random: RandomSource = randomBytes): bigint {
  return 1n + (os2ip(random(48)) % (GROUP_ORDER - 1n));
}

/** Where random bytes come from; the last parameter of what needs them, so that vectors can fix it. */
export type RandomSource = (length: number) => Uint8Array;
