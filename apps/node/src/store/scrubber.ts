import { Worker } from "node:worker_threads";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";
import type { ScrubResult } from "./scrub.ts";
import type { ScrubJob, ScrubReply } from "./scrubWorker.ts";

/** A thread that has nothing to do ends after so long: scrubs are rare, and it takes memory. */
const IDLE_MS = 2_000;

/**
 * Scrubs stores on a thread of its own, one after another, each from a snapshot: the rest of the node goes on meanwhile.
 * Room that commits free during a scrub is used again after it.
 */
export class Scrubber {
  #worker: Worker | undefined;
  #asking:
    | { readonly resolve: (reply: ScrubReply) => void; readonly reject: (cause: unknown) => void }
    | undefined;
  #idle: NodeJS.Timeout | undefined;
  /** The scrub that began last; never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  /**
   * @param signal - Ends the scrub before its time.
   * @throws {AnamnesisError} UNAVAILABLE when it was ended, or could not be made: says nothing of the store.
   */
  scrub(genesis: Genesis, folder: string, signal: AbortSignal): Promise<ScrubResult> {
    const before = this.#last;
    const result = before.then(() => this.#run(genesis, folder, signal));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #run(genesis: Genesis, folder: string, signal: AbortSignal): Promise<ScrubResult> {
    const unavailable = (cause?: unknown): AnamnesisError =>
      new AnamnesisError("UNAVAILABLE", "The scrub ended before its time", { cause });
    if (signal.aborted) throw unavailable();
    const job: ScrubJob = { genesis, folder, stop: new SharedArrayBuffer(4) };
    const stop = (): void => void Atomics.store(new Int32Array(job.stop), 0, 1);
    signal.addEventListener("abort", stop, { once: true });
    try {
      const reply = await this.#ask(job);
      if (reply === undefined) throw unavailable();
      return reply;
    } catch (cause) {
      throw cause instanceof AnamnesisError ? cause : unavailable(cause);
    } finally {
      signal.removeEventListener("abort", stop);
      this.#rest();
    }
  }

  #ask(job: ScrubJob): Promise<ScrubReply> {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#spawn());
    worker.ref();
    return new Promise((resolve, reject) => {
      this.#asking = { resolve, reject };
      worker.postMessage(job);
    });
  }

  #spawn(): Worker {
    const worker = new Worker(new URL("./scrubWorker.ts", import.meta.url));
    const ended = (cause: unknown): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#asking?.reject(cause);
    };
    worker.on("message", (reply: ScrubReply) => this.#asking?.resolve(reply));
    worker.once("error", ended);
    worker.once("exit", ended);
    return worker;
  }

  #rest(): void {
    const worker = this.#worker;
    worker?.unref();
    this.#idle = setTimeout(() => {
      this.#worker = undefined;
      void worker?.terminate();
    }, IDLE_MS);
    this.#idle.unref();
  }
}
