import { Worker } from "node:worker_threads";
import type { SignatureCheck } from "@anamnesis/protocol";
import { packChecks } from "./packedChecks.ts";

interface Waiting {
  readonly checks: readonly SignatureCheck[];
  readonly resolve: (results: readonly boolean[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What travels to a worker at once: enough to make the crossing cheap, little enough to keep all workers busy. */
const CHECKS_A_MESSAGE = 256;

/**
 * Verifies signatures in worker threads. What arrives while all workers are busy travels together in the next message.
 */
export class VerifierPool {
  readonly #workers: { readonly worker: Worker; busy: boolean }[];
  readonly #queue: Waiting[] = [];
  readonly #under = new Map<number, readonly Waiting[]>();
  #lastId = 0;
  #stopped = false;

  /** @param workers - Threads; default 1, which verifies about twice as fast as the rest of a node needs. */
  constructor(workers = 1) {
    this.#workers = Array.from({ length: workers }, () => {
      const entry = {
        worker: new Worker(new URL("./verifyWorker.ts", import.meta.url), {
          resourceLimits: { maxYoungGenerationSizeMb: 8 },
        }),
        busy: false,
      };
      entry.worker.on("message", (answer: { id: number; results: Uint8Array }) => {
        entry.busy = false;
        this.#finish(answer);
        this.#dispatch();
      });
      entry.worker.on("error", (error) => this.#fail(error));
      entry.worker.unref();
      return entry;
    });
  }

  /** One result a check, in order. */
  verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
    if (checks.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(new Error("Verifier pool is stopped"));
      this.#queue.push({ checks, resolve, reject });
      this.#dispatch();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers.map(({ worker }) => worker.terminate()));
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const idle = this.#workers.find(({ busy }) => !busy);
      if (idle === undefined) return;
      const batch: Waiting[] = [];
      let count = 0;
      while (this.#queue.length > 0 && count < CHECKS_A_MESSAGE) {
        const next = this.#queue.shift()!;
        batch.push(next);
        count += next.checks.length;
      }
      const packed = packChecks(batch.flatMap(({ checks }) => checks));
      const id = ++this.#lastId;
      this.#under.set(id, batch);
      idle.busy = true;
      idle.worker.postMessage({ id, packed }, [packed.buffer]);
    }
  }

  #finish({ id, results }: { id: number; results: Uint8Array }): void {
    const batch = this.#under.get(id) ?? [];
    this.#under.delete(id);
    let at = 0;
    for (const { checks, resolve } of batch) {
      resolve(Array.from(results.subarray(at, at + checks.length), Boolean));
      at += checks.length;
    }
  }

  /** A worker that died cannot be trusted to have verified anything: everything under way fails. */
  #fail(error: unknown): void {
    for (const batch of this.#under.values()) for (const { reject } of batch) reject(error);
    this.#under.clear();
    this.#stopped = true;
  }
}
