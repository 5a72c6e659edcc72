import { concat } from "./bytes.ts";

/** Takes runs of bytes off the front of a stream, then gives what is left of it. */
export class StreamFront {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #pending: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next `length` bytes; fewer only where the stream ends. */
  async read(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.#pending.length === 0) {
        const { value, done } = await this.#reader.read();
        if (done) break;
        this.#pending = value;
      }
      const part = this.#pending.subarray(0, missing);
      this.#pending = this.#pending.subarray(part.length);
      missing -= part.length;
      parts.push(part);
    }
    return concat(...parts);
  }

  /** What has not been read; this front is not used after. */
  rest(): ReadableStream<Uint8Array> {
    const reader = this.#reader;
    let pending = this.#pending;
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (pending.length > 0) {
            controller.enqueue(pending);
            pending = new Uint8Array(0);
            return;
          }
          const { value, done } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: (reason) => reader.cancel(reason),
      },
      { highWaterMark: 0 },
    );
  }

  /** Nothing more is wanted. */
  cancel(reason?: unknown): Promise<void> {
    return this.#reader.cancel(reason);
  }
}
