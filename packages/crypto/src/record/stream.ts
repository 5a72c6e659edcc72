import { gcmOpen, gcmSeal } from "../primitives/aesGcm.ts";
import { concat, equalBytes, i2osp } from "../encoding/bytes.ts";
import { kdf } from "../primitives/derive.ts";
import { CryptoError, decryptError, expectLength } from "../errors.ts";
import { CHUNK_BYTES } from "../suite.ts";

/** Bytes of a full sealed chunk. */
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + 16;
const CHUNKS_MAX = 2 ** 32;

/** KDF(DEK, "commit", salt, 32): no second key opens the same record. */
export function keyCommitment(contentKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return kdf(contentKey, "commit", salt, 32);
}

/** Whether this is the content key that the header commits to. Constant time. */
export function isCommitted(
  contentKey: Uint8Array,
  header: { readonly salt: Uint8Array; readonly kc: Uint8Array },
): boolean {
  return equalBytes(keyCommitment(contentKey, header.salt), header.kc);
}

/** Seals or opens the chunks of one record, in order. */
export interface ChunkStream {
  seal(chunk: Uint8Array, last: boolean): Promise<Uint8Array>;
  /** @throws {CryptoError} `E_DECRYPT` */
  open(sealed: Uint8Array, last: boolean): Promise<Uint8Array>;
}

/**
 * STREAM: chunk j is AES-256-GCM under KDF(DEK, "enc", salt, 32) with nonce KDF(DEK, "np", salt, 7) || I2OSP(j, 4) ||
 * last, additional data `ctx`. A chunk left out, moved, repeated or cut off has another nonce and does not open.
 * Source: Hoang, Reyhanitabar, Rogaway and Vizar, CRYPTO 2015; layout of Tink's AES-GCM-HKDF streaming AEAD.
 */
export function chunkStream(input: {
  readonly contentKey: Uint8Array;
  readonly salt: Uint8Array;
  readonly ctx: Uint8Array;
}): ChunkStream {
  expectLength("content key", input.contentKey, 32);
  const key = kdf(input.contentKey, "enc", input.salt, 32);
  const prefix = kdf(input.contentKey, "np", input.salt, 7);
  const aad = input.ctx;
  let index = 0;
  const nextNonce = (last: boolean): Uint8Array => {
    if (index >= CHUNKS_MAX)
      throw new CryptoError("E_ARGUMENT", "Cannot seal more than 2^32 chunks");
    const nonce = concat(prefix, i2osp(index, 4), Uint8Array.of(last ? 1 : 0));
    index += 1;
    return nonce;
  };
  return {
    seal: (data, last) => gcmSeal({ key, nonce: nextNonce(last), aad, data }),
    async open(data, last) {
      const chunk = await gcmOpen({ key, nonce: nextNonce(last), aad, data });
      if (chunk === undefined) throw decryptError();
      return chunk;
    },
  };
}
