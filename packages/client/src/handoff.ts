/** Hands pieces from one that pushes to one that takes, one at a time. */
export class Handoff {
  #piece: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  #taker:
    | {
        readonly give: (bytes: Uint8Array | undefined) => void;
        readonly fail: (error: unknown) => void;
      }
    | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;
  #stopped = false;

  push(bytes: Uint8Array): Promise<void> {
    if (this.#stopped)
      return Promise.reject(new TypeError("Reading stopped before the content ended"));
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

/** What `run` pushes, as a stream that is pulled. Nothing runs before the first pull; its failure fails the stream. */
export async function* pulled(
  run: (sink: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>,
): AsyncGenerator<Uint8Array> {
  const handoff = new Handoff();
  run((bytes) => handoff.push(bytes)).then(
    () => handoff.end(),
    (error: unknown) => handoff.fail(error),
  );
  try {
    for (let piece = await handoff.take(); piece !== undefined; piece = await handoff.take())
      yield piece;
  } finally {
    handoff.stop();
  }
}
