/** Bodies as web streams: made of pieces, read as pieces, cut into runs. */
import { concat } from "./bytes.ts";

/**
 * Pieces as a stream. Nothing is taken before the first pull; whoever cancels the stream ends the source.
 *
 * @param unread - Called where the stream is cancelled before the first pull: a generator that was never begun runs none of
 * its `finally`.
 */
export function streamOf(
  source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  unread?: () => void | Promise<void>,
): ReadableStream<Uint8Array> {
  let isBegun = false;
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        isBegun = true;
        const { value, done } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        if (!isBegun) await unread?.();
        await iterator.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** The pieces of a stream in order, once; leaving early cancels it. Not every browser can iterate a stream by itself. */
export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Of a stream that has ended it does nothing; of one that failed it fails alike.
    await reader.cancel().finally(() => reader.releaseLock());
  }
}

/** All bytes of a stream, for those that fit into memory. */
export async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of piecesOf(stream)) parts.push(piece);
  return concat(...parts);
}

/**
 * Cuts a stream into runs of `size` bytes, of which the last may be shorter, and passes on what `take` makes of each. An
 * empty stream is one empty run. A run's bytes are valid only until `take` is done.
 *
 * @param take - `last` says whether nothing follows.
 */
export function inRuns(
  size: number,
  take: (run: Uint8Array, last: boolean) => Promise<Uint8Array>,
): TransformStream<Uint8Array, Uint8Array> {
  const pending = new Uint8Array(size);
  let filled = 0;
  return new TransformStream<Uint8Array, Uint8Array>({
    async transform(piece, controller) {
      let rest = piece;
      while (rest.length > 0) {
        // A full run goes only now: something follows it.
        if (filled === size) {
          controller.enqueue(await take(pending, false));
          filled = 0;
        }
        if (filled === 0 && rest.length > size) {
          controller.enqueue(await take(rest.subarray(0, size), false));
          rest = rest.subarray(size);
          continue;
        }
        const part = rest.subarray(0, size - filled);
        pending.set(part, filled);
        filled += part.length;
        rest = rest.subarray(part.length);
      }
    },
    async flush(controller) {
      controller.enqueue(await take(pending.subarray(0, filled), true));
    },
  });
}
