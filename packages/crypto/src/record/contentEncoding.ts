import { piecesOf, streamOf } from "../encoding/streams.ts";
import { decryptError } from "../errors.ts";
import type { ContentEncoding } from "./header.ts";

/** Text, and what is written in JSON or XML. Images, PDF and DICOM are compressed already, or by rules of their own. */
const TEXT = /^text\/|[/+](json|xml)(;|$)/;

/** Whether content of this media type is worth an attempt to compress it. */
export const isText = (mediaType: string): boolean => TEXT.test(mediaType);

/** Content as it is sealed: DEFLATE (RFC 1951) without a wrapper, or as it came. What the content fails with, this fails with. */
export function encoded(
  content: ReadableStream<Uint8Array>,
  encoding: ContentEncoding,
): ReadableStream<Uint8Array> {
  return encoding === "identity"
    ? content
    : content.pipeThrough(asBytes(new CompressionStream(encoding)));
}

/**
 * Undoes {@link encoded}, by as much as is pulled: a small piece that would swell to gigabytes takes a few kilobytes.
 *
 * @returns Content that fails with `E_DECRYPT` where the bytes are not of that encoding, end early, or go on behind its end;
 * with its own error where `bytes` fails.
 */
export function decoded(
  bytes: ReadableStream<Uint8Array>,
  encoding: ContentEncoding,
): ReadableStream<Uint8Array> {
  return encoding === "identity" ? bytes : inflated(bytes);
}

function inflated(bytes: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let fault: { readonly error: unknown } | undefined;
  async function* source(): AsyncGenerator<Uint8Array> {
    try {
      yield* piecesOf(bytes);
    } catch (error) {
      fault = { error };
      throw error;
    }
  }
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      const inflating = asBytes(new DecompressionStream("deflate-raw"));
      yield* piecesOf(streamOf(source()).pipeThrough(inflating));
    } catch (error) {
      if (fault !== undefined) throw fault.error;
      throw error instanceof TypeError ? decryptError() : error;
    }
  }
  return streamOf(content());
}

/** The platforms' types say `BufferSource` of what goes in, which bytes are. */
const asBytes = (stream: unknown): TransformStream<Uint8Array, Uint8Array> =>
  stream as TransformStream<Uint8Array, Uint8Array>;
