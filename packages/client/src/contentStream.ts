import type { OpenedRecord, RecordMeta } from "@anamnesis/crypto/open";
import { Handoff } from "./handoff.ts";

/** Content as it opens, and the promise that all of it was good. */
export interface ContentStream {
  readonly content: AsyncIterable<Uint8Array>;
  readonly finished: Promise<RecordMeta>;
}

/**
 * Turns an opening that pushes into a sink into content that is pulled. Nothing starts before the first pull, and the
 * opening never runs more than one piece ahead.
 *
 * @param open - Opens into the sink; resolves when everything has verified.
 * @param done - Called once with what was opened, before `finished` resolves.
 */
export function contentStream(
  open: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<OpenedRecord>,
  done: (opened: OpenedRecord) => Promise<void> = () => Promise.resolve(),
): ContentStream {
  const { promise: finished, resolve, reject } = Promise.withResolvers<RecordMeta>();
  finished.catch(() => undefined); // Whoever reads the content learns of the failure there.
  let started = false;
  async function* content(): AsyncGenerator<Uint8Array> {
    if (started) throw new TypeError("Content can be read once");
    started = true;
    const handoff = new Handoff();
    const run = async (): Promise<void> => {
      try {
        const opened = await open((bytes) => handoff.push(bytes));
        await done(opened);
        resolve(opened.meta);
        handoff.end();
      } catch (error) {
        reject(error);
        handoff.fail(error);
      }
    };
    void run();
    try {
      for (let piece = await handoff.take(); piece !== undefined; piece = await handoff.take())
        yield piece;
    } finally {
      handoff.stop();
    }
  }
  return { content: content(), finished };
}
