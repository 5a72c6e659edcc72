import type { OpenedRecord, OpeningBody, RecordMeta } from "@anamnesis/crypto/open";
import { piecesOf, streamOf } from "@anamnesis/crypto/verify";

/** Content as it opens, and the promise that all of it was good. */
export interface ContentStream {
  readonly content: ReadableStream<Uint8Array>;
  readonly finished: Promise<RecordMeta>;
}

/**
 * Content that opens when it is first read.
 *
 * @param open - Opens the body.
 * @param done - Called once with what was opened, before the content ends and `finished` resolves; its failure fails both.
 */
export function contentStream(
  open: () => OpeningBody | Promise<OpeningBody>,
  done: (opened: OpenedRecord) => Promise<void> = () => Promise.resolve(),
): ContentStream {
  const { promise: finished, resolve, reject } = Promise.withResolvers<RecordMeta>();
  finished.catch(() => undefined); // Whoever reads the content learns of the failure there.
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      const body = await open();
      for await (const piece of piecesOf(body.content)) yield piece;
      const opened = await body.finished;
      await done(opened);
      resolve(opened.meta);
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      reject(new TypeError("Reading stopped before the content ended"));
    }
  }
  return { content: streamOf(content()), finished };
}
