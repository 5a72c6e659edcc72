import { piecesOf, streamOf } from "@anamnesis/crypto/verify";
import { everyRoutes } from "@anamnesis/protocol";
import type { Part } from "./part.ts";
import { whileThere } from "./whileThere.ts";

/** A server that said nothing for this long is asked whether it is there. */
const QUIET_MS = 500;
/** How long it may take to say so: who is away is noticed after 2 s. */
const ANSWER_MS = 1_500;

/**
 * One transfer with a server, which may take as long as it needs while the server is there: a large object takes minutes, a
 * server that is gone or frozen is noticed within 2 s.
 */
export class Alive {
  readonly #part: Part;
  readonly #transfer = new AbortController();

  constructor(part: Part) {
    this.#part = part;
  }

  /** To be given to the call, which ends when the server is away. */
  get signal(): AbortSignal {
    return this.#transfer.signal;
  }

  /**
   * Waits for a step of the transfer.
   *
   * @throws {AnamnesisError} UNAVAILABLE when the server does not say that it is there. @throws what the step throws.
   */
  async until<T>(step: Promise<T>): Promise<T> {
    try {
      return await whileThere({
        name: this.#part.name,
        call: () => step,
        probe: (signal) => this.#part.call(everyRoutes.getHealth, { signal }),
        silentMs: QUIET_MS,
        answerMs: ANSWER_MS,
      });
    } catch (error) {
      this.#transfer.abort();
      throw error;
    }
  }

  /** The stream of such a transfer; each piece is waited for in the same way. */
  stream(content: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const pieces = piecesOf(content);
    const until = <T>(step: Promise<T>): Promise<T> => this.until(step);
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          const next = await until(pieces.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        // Not awaited: a server that is away does not end a step either.
        pieces.return(undefined).catch(() => undefined);
      }
    }
    return streamOf(watched(), () => content.cancel());
  }
}
