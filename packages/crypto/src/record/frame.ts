import { concat, equalBytes, readU32 } from "../encoding/bytes.ts";
import { createSha256 } from "../primitives/derive.ts";
import { CryptoError, decryptError } from "../errors.ts";
import { decodeMeta, META_BYTES_MAX, padmeLength } from "./plaintext.ts";
import type { RecordMeta, SignedMeta } from "./plaintext.ts";
import { CHUNK_BYTES } from "../suite.ts";

/**
 * Passes content on if it is the one that is meant.
 *
 * @returns A transform that fails with `E_ARGUMENT` where the content is not of that size and hash.
 */
export function sameAs(content: {
  readonly size: number;
  readonly hash: Uint8Array;
}): TransformStream<Uint8Array, Uint8Array> {
  const hash = createSha256();
  let size = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      size += piece.length;
      if (size > content.size) throw changedContent();
      hash.update(piece);
      controller.enqueue(piece);
    },
    flush() {
      if (size !== content.size || !equalBytes(hash.digest(), content.hash)) throw changedContent();
    },
  });
}

/**
 * Puts metadata before encoded content and zeros behind it, up to the Padme length.
 *
 * @param prelude - What `encodePrelude` gave.
 * @param encodedSize - Bytes of the content as encoded, which the metadata state.
 * @returns A transform that fails with `E_ARGUMENT` for another number of bytes.
 */
export function framing(
  prelude: Uint8Array,
  encodedSize: number,
): TransformStream<Uint8Array, Uint8Array> {
  let size = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      controller.enqueue(prelude);
    },
    transform(piece, controller) {
      size += piece.length;
      if (size > encodedSize) throw changedContent();
      controller.enqueue(piece);
    },
    flush(controller) {
      if (size !== encodedSize) throw changedContent();
      const zeros = new Uint8Array(CHUNK_BYTES);
      const data = prelude.length + size;
      for (let left = padmeLength(data) - data; left > 0; left -= CHUNK_BYTES)
        controller.enqueue(zeros.subarray(0, left));
    },
  });
}

export function changedContent(): CryptoError {
  return new CryptoError(
    "E_ARGUMENT",
    "Cannot seal content that changed between readings, want the same bytes twice",
  );
}

/**
 * Takes a plaintext apart as it comes: length, metadata, encoded content, zero padding; passes the encoded content on.
 *
 * @param check - Judges the metadata before any content is passed on; throws where they are not to be believed.
 * @returns A transform that fails with `E_DECRYPT`, or as {@link decodeMeta} does.
 */
export function unframing(
  check: (signed: SignedMeta) => void,
): TransformStream<Uint8Array, Uint8Array> {
  let prelude: Uint8Array = new Uint8Array(0);
  let meta: RecordMeta | undefined;
  let taken = 0;
  let contentLeft = 0;
  let dataBytes = 0;
  /** What follows the metadata, once that is complete and was judged. */
  const takePrelude = (chunk: Uint8Array): Uint8Array => {
    prelude = concat(prelude, chunk);
    const length = readU32(prelude, 0);
    if (length > META_BYTES_MAX) throw decryptError();
    const end = 4 + length;
    if (prelude.length < end) return new Uint8Array(0);
    const signed = decodeMeta(prelude.subarray(4, end));
    check(signed);
    meta = signed.meta;
    contentLeft = meta.encodedSize ?? meta.size;
    dataBytes = end + contentLeft;
    return prelude.subarray(end);
  };
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      taken += chunk.length;
      const rest = meta === undefined ? takePrelude(chunk) : chunk;
      const piece = rest.subarray(0, contentLeft);
      contentLeft -= piece.length;
      if (rest.subarray(piece.length).some((byte) => byte !== 0)) throw decryptError();
      if (piece.length > 0) controller.enqueue(piece);
    },
    flush() {
      if (meta === undefined || taken !== padmeLength(dataBytes)) throw decryptError();
    },
  });
}

/**
 * Passes content on up to the length that its metadata state, so that content which swells as it is decoded ends there.
 *
 * @param meta - The metadata, which are known before any content comes.
 * @param whole - Is called once, when length and SHA-256 of the content have been found good.
 * @returns A transform that fails with `E_DECRYPT`.
 */
export function asStated(
  meta: () => RecordMeta | undefined,
  whole: (meta: RecordMeta) => void,
): TransformStream<Uint8Array, Uint8Array> {
  const hash = createSha256();
  let size = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      size += piece.length;
      if (size > (meta()?.size ?? 0)) throw decryptError();
      hash.update(piece);
      controller.enqueue(piece);
    },
    flush() {
      const stated = meta();
      if (size !== stated?.size || !equalBytes(hash.digest(), stated.sha256)) throw decryptError();
      whole(stated);
    },
  });
}
