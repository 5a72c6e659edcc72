import type { Readable } from "node:stream";
import { AnamnesisError } from "@anamnesis/protocol";

/** How fast a body has to come: after `graceMs`, `bytesPerSecond` on average. */
export interface Pace {
  readonly graceMs: number;
  readonly bytesPerSecond: number;
  /** In any case, for what is read whole. */
  readonly deadlineMs: number;
}
export const usualPace: Pace = { graceMs: 10_000, bytesPerSecond: 4_096, deadlineMs: 300_000 };

/** How much of a body is taken, and how fast it has to come. */
interface Bounds {
  /** Refused as soon as more has arrived. */
  readonly bytesMax: number;
  readonly pace: Pace;
}

/** @param announced - Content-Length, judged before anything is read. @throws {AnamnesisError} TOO_LARGE */
export function assertFits(announced: number, bytesMax: number): void {
  if (announced > bytesMax) throw tooLarge(bytesMax);
}

/**
 * The whole body.
 *
 * @param options.take - Told of what has arrived, before it is kept; may throw BUSY.
 * @throws {AnamnesisError} TOO_LARGE, TOO_SLOW, BAD_REQUEST (the caller hung up), and those of `take`.
 */
export async function readBody(
  body: Readable,
  { bytesMax, pace, take }: Bounds & { readonly take: (bytes: number) => void },
): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const begun = performance.now();
  // Events, not `for await`: an iterator costs more than a small request itself.
  return new Promise((resolve, reject) => {
    const clock = setInterval(() => {
      if (isTooSlow(pace, bytes, begun) || performance.now() - begun > pace.deadlineMs)
        giveUp(tooSlow(pace));
    }, pace.graceMs / 4);
    clock.unref();
    const giveUp = (error: unknown): void => {
      clearInterval(clock);
      body.removeAllListeners("data").resume(); // So that the answer is not lost behind what nobody reads.
      reject(error);
    };
    body.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) return giveUp(tooLarge(bytesMax));
      try {
        take(chunk.length);
      } catch (error) {
        return giveUp(error);
      }
      chunks.push(chunk);
    });
    body.once("end", () => {
      clearInterval(clock);
      resolve(joined(chunks));
    });
    body.once("error", (cause) => giveUp(brokeOff(cause)));
    body.once("close", () => {
      clearInterval(clock);
      if (!body.readableEnded) reject(brokeOff());
    });
  });
}

/**
 * A body piece by piece, as fast as it is taken.
 * @throws {AnamnesisError} TOO_LARGE, TOO_SLOW, BAD_REQUEST (the caller hung up).
 */
export async function* bodyPieces(
  body: Readable,
  { bytesMax, pace }: Bounds,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  let waitedMs = 0;
  let asked = performance.now();
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      // Only the time in which the server waited counts: its own disk is no fault of the caller's.
      waitedMs += performance.now() - asked;
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      if (
        waitedMs > pace.graceMs &&
        bytes < (pace.bytesPerSecond * (waitedMs - pace.graceMs)) / 1000
      )
        throw tooSlow(pace);
      yield chunk;
      asked = performance.now();
    }
  } catch (error) {
    throw error instanceof AnamnesisError ? error : brokeOff(error);
  }
}

const isTooSlow = ({ graceMs, bytesPerSecond }: Pace, bytes: number, begun: number): boolean => {
  const late = performance.now() - begun - graceMs;
  return late > 0 && bytes < (bytesPerSecond * late) / 1000;
};

const tooLarge = (bytesMax: number): AnamnesisError =>
  new AnamnesisError("TOO_LARGE", `Body refused: at most ${bytesMax} bytes wanted`);
const tooSlow = ({ bytesPerSecond }: Pace): AnamnesisError =>
  new AnamnesisError(
    "TOO_SLOW",
    `Body refused: it comes too slowly, want ${bytesPerSecond} bytes a second and an end`,
  );
const brokeOff = (cause?: unknown): AnamnesisError =>
  new AnamnesisError("BAD_REQUEST", "Request broke off before its body was whole", { cause });

/** A small body comes in one piece, which needs no copy. */
function joined(chunks: readonly Buffer[]): Uint8Array {
  const whole = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}
