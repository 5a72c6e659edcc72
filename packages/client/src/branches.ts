/** One stream for several readers, who take its pieces at one pace: nothing is kept but the piece that is under way. */
export interface Branches {
  readonly streams: readonly ReadableStream<Uint8Array>[];
  /** Goes on without this reader. Harmless for one who has read all of it. */
  leave(stream: ReadableStream<Uint8Array>): void;
  /** Why the source failed, if it did. */
  failure(): unknown;
}

/**
 * A stream as `count` equal ones. A reader who is slower than the others slows them down; one who cancels, or is told to
 * leave, does not. The source is cancelled when all have left.
 */
export function branchesOf(source: ReadableStream<Uint8Array>, count: number): Branches {
  const reader = source.getReader();
  const controllers = new Map<
    ReadableStream<Uint8Array>,
    ReadableStreamDefaultController<Uint8Array>
  >();
  const waiting = new Set<ReadableStream<Uint8Array>>();
  let failure: unknown;
  let pulling = false;

  /** Pulls once every reader who is left waits for the next piece. */
  async function pull(): Promise<void> {
    if (pulling || controllers.size === 0 || waiting.size < controllers.size) return;
    pulling = true;
    waiting.clear();
    try {
      const { value, done } = await reader.read();
      for (const [stream, controller] of controllers) {
        if (!done) controller.enqueue(value);
        else {
          controllers.delete(stream);
          controller.close();
        }
      }
    } catch (error) {
      failure = error;
      for (const controller of controllers.values()) controller.error(error);
      controllers.clear();
    }
    pulling = false;
    await pull();
  }

  const leave = (stream: ReadableStream<Uint8Array>): void => {
    if (!controllers.delete(stream)) return;
    waiting.delete(stream);
    if (controllers.size === 0) void reader.cancel().catch(() => undefined);
    else void pull();
  };
  const streams = Array.from({ length: count }, () => {
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const stream: ReadableStream<Uint8Array> = new ReadableStream<Uint8Array>(
      {
        start: (own) => {
          controller = own;
        },
        pull: () => {
          waiting.add(stream);
          void pull();
        },
        cancel: () => leave(stream),
      },
      { highWaterMark: 0 },
    );
    if (controller !== undefined) controllers.set(stream, controller);
    return stream;
  });
  return { streams, leave, failure: () => failure };
}
