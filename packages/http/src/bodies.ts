import type { ByteStream } from "@anamnesis/protocol";

/** Uploads up to this size go as one body; browsers, which cannot stream uploads, send larger ones as a Blob. */
const WHOLE_BYTES_MAX = 4 * 1024 * 1024;
const isBrowser = "window" in globalThis || "WorkerGlobalScope" in globalThis;

/** What `fetch` takes for an upload: nothing of it is kept once it was sent. */
export async function uploadOf({
  content,
}: ByteStream): Promise<Blob | ReadableStream<Uint8Array>> {
  const iterator = content[Symbol.asyncIterator]();
  const first: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  let done = false;
  while (!done && (bytes <= WHOLE_BYTES_MAX || isBrowser)) {
    const next = await iterator.next();
    done = next.done === true;
    if (next.done === true) continue;
    first.push(Uint8Array.from(next.value));
    bytes += next.value.length;
  }
  return done ? new Blob(first) : streamOf(first, iterator);
}

function streamOf(
  first: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const buffered = first.shift();
      if (buffered !== undefined) return controller.enqueue(buffered);
      const next = await rest.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await rest.return?.();
    },
  });
}

/** A body piece by piece. @param brokenOff - What is thrown when it ends too early. */
export async function* piecesOf(
  body: ReadableStream<Uint8Array>,
  brokenOff: (cause: unknown) => Error,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const next = await reader.read().catch((cause: unknown) => {
        throw brokenOff(cause);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
