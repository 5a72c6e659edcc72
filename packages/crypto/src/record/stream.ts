import { concat, equalBytes, i2osp } from "../encoding/bytes.ts";
import { inRuns } from "../encoding/streams.ts";
import { gcmOpen, gcmSeal } from "../primitives/aesGcm.ts";
import { kdf } from "../primitives/derive.ts";
import { CryptoError, decryptError, expectLength } from "../errors.ts";
import { BYTES, CHUNK_BYTES } from "../suite.ts";

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

/** The key of one record's chunks and what they are bound to. */
export interface ChunkKey {
  /** 32 bytes. */
  readonly contentKey: Uint8Array;
  readonly salt: Uint8Array;
  /** SHA-256 of the header. */
  readonly ctx: Uint8Array;
}

/**
 * STREAM: chunk j is AES-256-GCM under KDF(DEK, "enc", salt, 32) with nonce KDF(DEK, "np", salt, 7) || I2OSP(j, 4) ||
 * last, additional data `ctx`. A chunk left out, moved, repeated or cut off has another nonce and does not open.
 * Source: Hoang, Reyhanitabar, Rogaway and Vizar, CRYPTO 2015; layout of Tink's AES-GCM-HKDF streaming AEAD.
 */
export function sealingChunks(chunkKey: ChunkKey): TransformStream<Uint8Array, Uint8Array> {
  const { key, aad, nextNonce } = chunkState(chunkKey);
  return inRuns(CHUNK_BYTES, (data, last) => gcmSeal({ key, nonce: nextNonce(last), aad, data }));
}

/**
 * Undoes {@link sealingChunks}: passes on only what has verified, and fails with `E_DECRYPT` at the first chunk that does not.
 *
 * @param seen - Is shown each chunk as it came, before it is opened.
 */
export function openingChunks(
  chunkKey: ChunkKey,
  seen: (sealed: Uint8Array) => void,
): TransformStream<Uint8Array, Uint8Array> {
  const { key, aad, nextNonce } = chunkState(chunkKey);
  return inRuns(CHUNK_BYTES + BYTES.gcmTag, async (data, last) => {
    seen(data);
    const chunk = await gcmOpen({ key, nonce: nextNonce(last), aad, data });
    if (chunk === undefined) throw decryptError();
    return chunk;
  });
}

function chunkState({ contentKey, salt, ctx }: ChunkKey): {
  readonly key: Uint8Array;
  readonly aad: Uint8Array;
  readonly nextNonce: (last: boolean) => Uint8Array;
} {
  expectLength("content key", contentKey, 32);
  const prefix = kdf(contentKey, "np", salt, 7);
  let index = 0;
  return {
    key: kdf(contentKey, "enc", salt, 32),
    aad: ctx,
    nextNonce(last) {
      if (index >= CHUNKS_MAX)
        throw new CryptoError("E_ARGUMENT", "Cannot seal more than 2^32 chunks");
      const nonce = concat(prefix, i2osp(index, 4), Uint8Array.of(last ? 1 : 0));
      index += 1;
      return nonce;
    },
  };
}
