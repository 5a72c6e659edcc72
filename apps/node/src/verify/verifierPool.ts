import { Worker } from "node:worker_threads";
import { AnamnesisError } from "@anamnesis/protocol";
import type { SignatureCheck } from "@anamnesis/protocol";
import { packChecks } from "./packedChecks.ts";

interface Waiting {
  readonly checks: readonly SignatureCheck[];
  readonly resolve: (results: readonly boolean[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What travels to a worker at once: enough to make the crossing cheap, little enough to keep all workers busy. */
const CHECKS_A_MESSAGE = 256;
/** A thread that died is replaced this much later: one that cannot live at all is not tried without end. */
const REPLACE_MS = 1_000;

interface PoolWorker {
  readonly worker: Worker;
  /** What it is verifying; nothing while it is idle. */
  under: readonly Waiting[] | undefined;
}

/**
 * Verifies signatures in worker threads. What arrives while all workers are busy travels together in the next message.
 */
export class VerifierPool {
  readonly #script: URL;
  readonly #workers = new Set<PoolWorker>();
  readonly #queue: Waiting[] = [];
  #stopped = false;

  /**
   * @param workers - Threads; default 1, which verifies about twice as fast as the rest of a node needs.
   * @param script - What they run.
   */
  constructor(workers = 1, script = new URL("./verifyWorker.ts", import.meta.url)) {
    this.#script = script;
    for (let i = 0; i < workers; i += 1) this.#spawn();
  }

  /** One result a check, in order. @throws {AnamnesisError} UNAVAILABLE when the thread died, or the pool is stopped. */
  verify(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
    if (checks.length === 0) return Promise.resolve([]);
    return new Promise((resolve, reject) => {
      if (this.#stopped) return reject(gone("Verifier pool is stopped"));
      this.#queue.push({ checks, resolve, reject });
      this.#dispatch();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const workers = [...this.#workers];
    await Promise.all(workers.map(({ worker }) => worker.terminate()));
    this.#refuse(this.#queue.splice(0), gone("Verifier pool is stopped"));
  }

  #spawn(): void {
    const worker = new Worker(this.#script, { resourceLimits: { maxYoungGenerationSizeMb: 8 } });
    const spawned: PoolWorker = { worker, under: undefined };
    this.#workers.add(spawned);
    worker.on("message", (results: Uint8Array) => {
      this.#finish(spawned, results);
      this.#dispatch();
    });
    worker.once("error", (error) => this.#lose(spawned, error));
    worker.once("exit", () => this.#lose(spawned));
    worker.unref();
    this.#dispatch();
  }

  /** A worker that died cannot be trusted to have verified anything: what it had fails, and another takes its place. */
  #lose(spawned: PoolWorker, cause?: unknown): void {
    if (!this.#workers.delete(spawned)) return;
    this.#refuse(spawned.under ?? [], gone("The thread that verifies signatures ended", cause));
    if (this.#stopped) return;
    setTimeout(() => {
      if (!this.#stopped) this.#spawn();
    }, REPLACE_MS).unref();
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const idle = [...this.#workers].find(({ under }) => under === undefined);
      if (idle === undefined) return;
      const batch: Waiting[] = [];
      let count = 0;
      while (this.#queue.length > 0 && count < CHECKS_A_MESSAGE) {
        const next = this.#queue.shift()!;
        batch.push(next);
        count += next.checks.length;
      }
      const packed = packChecks(batch.flatMap(({ checks }) => checks));
      idle.under = batch;
      idle.worker.postMessage(packed, [packed.buffer]);
    }
  }

  #finish(spawned: PoolWorker, results: Uint8Array): void {
    const batch = spawned.under ?? [];
    spawned.under = undefined;
    const wanted = batch.reduce((sum, { checks }) => sum + checks.length, 0);
    if (results.length !== wanted)
      return this.#refuse(batch, gone("The thread that verifies signatures gave other results"));
    let at = 0;
    for (const { checks, resolve } of batch) {
      resolve(Array.from(results.subarray(at, at + checks.length), Boolean));
      at += checks.length;
    }
  }

  #refuse(waiting: readonly Waiting[], error: Error): void {
    for (const { reject } of waiting) reject(error);
  }
}

const gone = (why: string, cause?: unknown): AnamnesisError =>
  new AnamnesisError("UNAVAILABLE", why, { cause });
