import type { OpenedRecord, OpeningBody, RecordMeta } from "@anamnesis/crypto/open";
import { piecesOf, streamOf } from "@anamnesis/crypto/verify";

/** Content as it opens, and the promise that all of it was good. */
export interface ContentStream {
  readonly content: ReadableStream<Uint8Array>;
  readonly finished: Promise<RecordMeta>;
}

/**
 * Content that opens when it is first read. Where a download fails and another vault has the record, the content goes on
 * from there: what was given before is the same there, since each piece was authenticated.
 *
 * @param open - Opens the body, at the next vault once `passOver` was called.
 * @param passOver - Told why the body failed; throws when nobody else has it.
 * @param done - Called once with what was opened, before the content ends and `finished` resolves; its failure fails both.
 */
export function contentStream({
  open,
  passOver,
  done = () => Promise.resolve(),
}: {
  readonly open: () => Promise<OpeningBody>;
  readonly passOver: (error: unknown) => void;
  readonly done?: (opened: OpenedRecord) => Promise<void>;
}): ContentStream {
  const { promise: finished, resolve, reject } = Promise.withResolvers<RecordMeta>();
  finished.catch(() => undefined); // Whoever reads the content learns of the failure there.
  const stop = (): void => reject(new TypeError("Reading stopped before the content ended"));
  let given = 0;
  async function* pieces(): AsyncGenerator<Uint8Array, OpenedRecord> {
    const body = await open();
    let again = given;
    for await (const piece of piecesOf(body.content)) {
      const rest = piece.subarray(Math.min(again, piece.length));
      again -= piece.length - rest.length;
      given += rest.length;
      if (rest.length > 0) yield rest;
    }
    return body.finished;
  }
  async function* content(): AsyncGenerator<Uint8Array> {
    try {
      for (let opened: OpenedRecord | undefined; opened === undefined;) {
        try {
          opened = yield* pieces();
        } catch (error) {
          passOver(error);
          continue;
        }
        await done(opened);
        resolve(opened.meta);
      }
    } catch (error) {
      reject(error);
      throw error;
    } finally {
      stop();
    }
  }
  return { content: streamOf(content(), stop), finished };
}
