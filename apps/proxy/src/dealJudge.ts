import { Worker } from "node:worker_threads";
import { AnamnesisError } from "@anamnesis/protocol";
import type { DealInQuestion } from "./dealCheck.ts";

/** What travels to the thread. */
export interface DealQuestion {
  readonly id: number;
  readonly deal: DealInQuestion;
}

/** What comes back. */
export interface DealVerdict {
  readonly id: number;
  readonly refused: Pick<AnamnesisError, "code" | "message"> | undefined;
}

interface Waiting {
  readonly tags: number;
  readonly resolve: () => void;
  readonly reject: (error: AnamnesisError) => void;
}

/** Tags that wait for their verdict at once: eight of the largest grants. */
const TAGS_MAX = 16_384;
/** A thread that had nothing to do for so long ends, and gives its memory back. */
const IDLE_MS = 60_000;

/** Has deals judged by one thread, which is there while there are any: openings are not held up by who grants. */
export class DealJudge {
  readonly #script: URL;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last = 0;
  #tags = 0;
  #stopped = false;

  /** @param script - What the thread runs. */
  constructor(script = new URL("./dealWorker.ts", import.meta.url)) {
    this.#script = script;
  }

  /**
   * @throws {AnamnesisError} As `checkDeal`; BUSY while too much waits; UNAVAILABLE when the thread died, or this is stopped.
   */
  check(deal: DealInQuestion): Promise<void> {
    const tags = deal.shares.tags.length;
    if (this.#stopped) return Promise.reject(gone());
    if (this.#tags + tags > TAGS_MAX)
      return Promise.reject(
        new AnamnesisError("BUSY", "Share refused: too many wait to be judged, try again"),
      );
    clearTimeout(this.#idle);
    this.#last += 1;
    const question: DealQuestion = { id: this.#last, deal };
    this.#worker ??= this.#spawn();
    return new Promise((resolve, reject) => {
      this.#tags += tags;
      this.#waiting.set(question.id, { tags, resolve, reject });
      this.#worker?.postMessage(question);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#idle);
    await this.#worker?.terminate();
  }

  #spawn(): Worker {
    const worker = new Worker(this.#script, { resourceLimits: { maxYoungGenerationSizeMb: 8 } });
    worker.on("message", (verdict: DealVerdict) => this.#answer(verdict));
    worker.once("error", (cause) => this.#lose(worker, cause));
    worker.once("exit", () => this.#lose(worker));
    worker.unref();
    return worker;
  }

  #answer({ id, refused }: DealVerdict): void {
    const waiting = this.#take(id);
    if (refused === undefined) waiting?.resolve();
    else waiting?.reject(new AnamnesisError(refused.code, refused.message));
    if (this.#waiting.size > 0) return;
    this.#idle = setTimeout(() => this.#dismiss(), IDLE_MS).unref();
  }

  /** The next deal finds no thread that is about to end. */
  #dismiss(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  /** What a thread that died was to judge is refused: nobody has judged it. */
  #lose(worker: Worker, cause?: unknown): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const id of this.#waiting.keys()) this.#take(id)?.reject(gone(cause));
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#tags -= waiting?.tags ?? 0;
    return waiting;
  }
}

const gone = (cause?: unknown): AnamnesisError =>
  new AnamnesisError("UNAVAILABLE", "The thread that judges shares ended, try again", { cause });
