import type { OpenedRecord, RecordMeta } from "@anamnesis/crypto/open";

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
    const opening = open((bytes) => handoff.push(bytes)).then(async (opened) => {
      await done(opened);
      return opened.meta;
    });
    opening.then(
      (meta) => {
        resolve(meta);
        handoff.end();
      },
      (error: unknown) => {
        reject(error);
        handoff.fail(error);
      },
    );
    try {
      for (let piece = await handoff.take(); piece !== undefined; piece = await handoff.take()) yield piece;
    } finally {
      handoff.stop();
    }
  }
  return { content: content(), finished };
}

/** Hands pieces from one that pushes to one that takes, one at a time. */
class Handoff {
  #piece: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  #taker: { readonly give: (bytes: Uint8Array | undefined) => void; readonly fail: (error: unknown) => void } | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;

  push(bytes: Uint8Array): Promise<void> {
    if (this.#stopped) return Promise.reject(new TypeError("Reading stopped before the content ended"));
    const taker = this.#taker;
    if (taker !== undefined) {
      this.#taker = undefined;
      taker.give(bytes);
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.#piece = { bytes, taken };
    });
  }

  take(): Promise<Uint8Array | undefined> {
    const piece = this.#piece;
    if (piece !== undefined) {
      this.#piece = undefined;
      piece.taken();
      return Promise.resolve(piece.bytes);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error as Error);
    if (this.#ended) return Promise.resolve(undefined);
    return new Promise((give, fail) => {
      this.#taker = { give, fail };
    });
  }

  end(): void {
    this.#ended = true;
    this.#taker?.give(undefined);
  }

  fail(error: unknown): void {
    this.#failure = { error };
    this.#taker?.fail(error);
  }

  /** The taker left: whoever pushes is told. */
  stop(): void {
    this.#stopped = true;
    this.#piece?.taken();
    this.#piece = undefined;
  }
}
