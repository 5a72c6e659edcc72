import { AnamnesisError, decodeCertified } from "@anamnesis/protocol";
import type { CertifiedEntry, SlipCode, SlipOutcome } from "@anamnesis/protocol";
import { replay } from "../replay.ts";
import type { Verify } from "../verify/verifiedGroups.ts";
import { HandOver } from "./handOver.ts";
import { Member } from "./member.ts";
import type { MemberConfig } from "./member.ts";
import type { Peer } from "./peer.ts";
import { follows, lastCommitted, predecessorOf, recordedOf } from "./succession.ts";
import type { Predecessor } from "./succession.ts";

const PULL_ENTRIES = 32;
const PULL_WAIT_MS = 10_000;
const RETRY_MS = 250;
/** Entries whose signatures are verified while the one before them is executed. */
const VERIFIED_AHEAD = 2;

/**
 * The embedded engine's follower: pulls entries, verifies the writer's certificate and every slip, executes them, and stops
 * loudly when they lead elsewhere than the writer claims. It carries slips of its own institution by handing groups to the
 * writer.
 */
export class Follower extends Member {
  readonly role = "follower";
  readonly #writer: Peer;
  readonly #handOver: HandOver;
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;

  /** Follows from now on. */
  constructor(config: MemberConfig, verify: Verify, writer: Peer) {
    super(config);
    this.#writer = writer;
    this.#handOver = new HandOver({
      ...config,
      verify,
      writer,
      sign: this.sign,
      reach: (height, waitMs) => this.reach(height, waitMs),
    });
    this.#following = this.#follow();
  }

  async carry(slips: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    this.assertServing();
    return this.#handOver.carry(slips);
  }

  takeGroup(): Promise<never> {
    return Promise.reject(
      new AnamnesisError("FORBIDDEN", `Group refused: ${this.genesis.writer} writes this chain`),
    );
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
    await this.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    /** While there is more to catch up with, the next entries come while these are executed. */
    let next: Promise<readonly Uint8Array[]> | undefined;
    while (!signal.aborted && this.fault() === undefined) {
      const askedAt = performance.now();
      try {
        const pulled = (await (next ?? this.#pull(this.height()))).map(decodeCertified);
        next = pulled.length < PULL_ENTRIES ? undefined : this.#pull(pulled.at(-1)!.entry.height);
        next?.catch(() => undefined); // thrown where it is awaited
        await this.#replayAll(pulled);
        // A writer that has nothing and does not wait either is asked no more often than one that fails.
        if (pulled.length === 0 && performance.now() - askedAt < RETRY_MS) await pause(RETRY_MS);
      } catch (error) {
        next = undefined;
        if (signal.aborted) return;
        if (!(error instanceof AnamnesisError) || error.code === "STORE_CORRUPT")
          this.stopServing("an entry could not be executed", error);
        await pause(RETRY_MS);
      }
    }
  }

  #pull(after: number): Promise<readonly Uint8Array[]> {
    return this.#writer.blocks(after, PULL_ENTRIES, PULL_WAIT_MS, this.#stopping.signal);
  }

  /** An entry is executed while the one before is being made durable and the ones after it are verified. */
  async #replayAll(entries: readonly CertifiedEntry[]): Promise<void> {
    let committed: Promise<void> = Promise.resolve();
    let before = lastCommitted(this.genesis, this.config.store);
    const ahead: Promise<SlipCode>[] = [];
    try {
      for (const [i, certified] of entries.entries()) {
        for (const { entry } of entries.slice(ahead.length, i + 1 + VERIFIED_AHEAD))
          ahead.push(this.config.application.process(entry));
        ahead[i]?.catch(() => undefined); // judged where it is executed
        this.#assertFollows(certified, before);
        ({ committed } = await this.#replay(certified, committed));
        before = predecessorOf(certified);
      }
    } finally {
      for (const judged of ahead) judged.catch(() => undefined);
      await committed;
    }
  }

  async #replay(
    certified: CertifiedEntry,
    after: Promise<void>,
  ): Promise<{ readonly committed: Promise<void> }> {
    const { application, now } = this.config;
    try {
      const { committed } = await replay(application, recordedOf(certified), {
        time: now(),
        after,
      });
      return { committed: this.#told(committed) };
    } catch (error) {
      if (error instanceof AnamnesisError && error.code === "APP_HASH_MISMATCH")
        this.stopServing(`app hash mismatch at height ${certified.entry.height}`);
      throw error;
    }
  }

  #told(committed: Promise<void>): Promise<void> {
    const told = committed.then(() => this.committed());
    told.catch(() => undefined); // thrown where it is awaited
    return told;
  }

  #assertFollows(certified: CertifiedEntry, before: Predecessor): void {
    if (follows(certified, this.genesis, before)) return;
    const height = before.height + 1;
    this.stopServing(
      `the entry offered for height ${height} does not follow or is not the writer's`,
    );
    throw new AnamnesisError(
      "APP_HASH_MISMATCH",
      `Entry ${certified.entry.height} does not follow ${height - 1} or is not certified by the writer`,
    );
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
