import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import type { BlockResult } from "@anamnesis/ledger";
import { AnamnesisError, limits, makeHead, signPage } from "@anamnesis/protocol";
import type { Block, Genesis, Head, InstitutionId, PageHeader } from "@anamnesis/protocol";
import type { Snapshot } from "../chain.ts";
import type { Application } from "../application.ts";
import { markDamaged } from "./rebuild.ts";
import { scrubChain } from "../store/scrub.ts";
import type { ChainStore } from "../store/chainStore.ts";

export interface KeeperConfig {
  readonly genesis: Genesis;
  readonly institution: InstitutionId;
  readonly signing: SigningKeypair;
  readonly application: Application;
  readonly store: ChainStore;
  readonly now: () => number;
  /** Told once, when the chain stops serving for a reason that somebody has to look at. */
  readonly onFault?: (why: string, cause: unknown) => void;
}

/** Blocks given at once, together; one always is, however large. */
const BLOCKS_BYTES = 32 * 1024 * 1024;

const STOPPED = "it is being stopped";

/** What writer and follower have in common: commits, heads, blocks for others, and waiting for a height. */
export class ChainKeeper {
  readonly config: KeeperConfig;
  readonly #waiting = new Set<() => void>();
  readonly #heads = new Map<number, Head>();
  #newest: Head | undefined;
  #fault: string | undefined;

  constructor(config: KeeperConfig) {
    this.config = config;
  }

  get height(): number {
    return this.config.store.height ?? 0;
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  /** From now on this chain serves no heads and takes nothing: doubtful state is not vouched for. */
  stopServing(why: string, cause?: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = why;
    if (why !== STOPPED) this.config.onFault?.(why, cause);
    this.#wake();
  }

  /** Signs under this node's key. */
  readonly sign = (type: string, message: Uint8Array): Uint8Array =>
    sign({ type, message, secretKey: this.config.signing.secretKey });

  /** @throws {AnamnesisError} UNAVAILABLE */
  assertServing(): void {
    if (this.refusal !== undefined) throw this.refusal;
  }

  /** What whoever asks is told while there is a fault. */
  get refusal(): AnamnesisError | undefined {
    if (this.#fault === undefined) return undefined;
    return new AnamnesisError("UNAVAILABLE", `The chain is out of service here: ${this.#fault}`);
  }

  async commit(block: Block, result: BlockResult): Promise<void> {
    await this.config.application.commit(block, result, this.config.now());
    this.#wake();
  }

  /** Signed now, or in the last 2 s and still the newest. */
  head(): Head {
    this.assertServing();
    const newest = this.#newest;
    const isCurrent =
      newest?.height === this.height && this.config.now() - newest.time < limits.headEveryMs;
    if (newest !== undefined && isCurrent) return newest;
    this.#newest = this.#signHead(this.height, this.config.now());
    return this.#newest;
  }

  /** @throws {AnamnesisError} NOT_YET, UNAVAILABLE */
  async headAt(height: number): Promise<Head> {
    await this.reach(height, limits.waitMs);
    this.assertServing();
    if (height > this.height)
      throw new AnamnesisError("NOT_YET", `Height ${height} is not committed here yet`);
    return this.headOf(height);
  }

  /** The head of a committed height, signed once: `time` is when it was committed here. */
  headOf(height: number): Head {
    this.assertServing();
    const known = this.#heads.get(height);
    if (known !== undefined) return known;
    const facts = this.config.store.facts(height);
    if (facts === undefined)
      throw new AnamnesisError("NOT_YET", `Height ${height} is not committed here`);
    const head = this.#signHead(height, facts.time);
    if (this.#heads.size >= 1_000) this.#heads.clear();
    this.#heads.set(height, head);
    return head;
  }

  #signHead(height: number, time: number): Head {
    const { genesis, institution, store } = this.config;
    const facts = store.facts(height);
    if (facts === undefined)
      throw new AnamnesisError("STORE_CORRUPT", `Height ${height} has no app hash in the store`);
    return makeHead(
      { chain: genesis.chain, height, appHash: facts.appHash, time, institution },
      this.sign,
    );
  }

  countersign(header: PageHeader): Uint8Array {
    this.assertServing();
    return signPage(this.config.genesis.chain, header, this.sign);
  }

  snapshot<T>(read: (snapshot: Snapshot) => T): T {
    return this.config.application.query(({ state, height }) =>
      read({ state, height, head: () => this.headOf(height) }),
    );
  }

  async blocks(after: number, limit: number, waitMs: number): Promise<Uint8Array[]> {
    await this.reach(after + 1, waitMs);
    const found: Uint8Array[] = [];
    let bytes = 0;
    for (let height = after + 1; height <= this.height && found.length < limit; height++) {
      const block = this.config.store.block(height);
      bytes += block?.length ?? 0;
      if (block === undefined || (found.length > 0 && bytes > BLOCKS_BYTES)) break;
      found.push(block);
    }
    return found;
  }

  /** Waits until `height` is committed here, at most `waitMs`. */
  async reach(height: number, waitMs: number): Promise<void> {
    const until = Date.now() + waitMs;
    while (this.height < height && this.#fault === undefined) {
      const left = until - Date.now();
      if (left <= 0) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }

  async scrub(): Promise<{ checked: number; fault: string | undefined }> {
    const result = await scrubChain(
      this.config.genesis,
      this.config.store,
      this.config.application,
    );
    if (result.fault === undefined) return result;
    this.stopServing(result.fault);
    await markDamaged(this.config.store.folder, { fault: result.fault, height: this.height });
    return result;
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Lets everybody who waits go. */
  release(): void {
    this.stopServing(STOPPED);
  }
}
