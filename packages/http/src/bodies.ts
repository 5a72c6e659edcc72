import { piecesOf } from "@anamnesis/crypto/verify";
import type { ByteStream } from "@anamnesis/protocol";

/** Uploads up to this size go as one body; browsers, which cannot stream uploads, send larger ones as a Blob. */
const WHOLE_BYTES_MAX = 4 * 1024 * 1024;
const isBrowser = "window" in globalThis || "WorkerGlobalScope" in globalThis;

/** What `fetch` takes for an upload: nothing of it is kept once it was sent. */
export async function uploadOf({
  content,
}: ByteStream): Promise<Blob | ReadableStream<Uint8Array>> {
  const pieces = piecesOf(content);
  const first: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  while (bytes <= WHOLE_BYTES_MAX || isBrowser) {
    const next = await pieces.next();
    if (next.done === true) return new Blob(first);
    first.push(Uint8Array.from(next.value));
    bytes += next.value.length;
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = first.shift() ?? (await pieces.next()).value;
      if (next === undefined) controller.close();
      else controller.enqueue(next);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

/** A body whose reader learns why it ended too early. @param brokenOff - What is thrown then. */
export function wholeOrBroken(
  body: ReadableStream<Uint8Array>,
  brokenOff: (cause: unknown) => Error,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await reader.read().catch((cause: unknown) => {
          throw brokenOff(cause);
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => reader.cancel(),
    },
    { highWaterMark: 0 },
  );
}
