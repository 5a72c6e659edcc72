import { sign } from "@anamnesis/crypto/sign";
import type { SigningKeypair } from "@anamnesis/crypto/sign";
import { AnamnesisError, limits, signPage } from "@anamnesis/protocol";
import type { Genesis, Head, InstitutionId, PageHeader, SlipOutcome } from "@anamnesis/protocol";
import type { Application } from "../application.ts";
import type { Chain, GroupOutcome, Snapshot } from "../chain.ts";
import type { ChainStore } from "../store/chainStore.ts";
import type { ScrubResult } from "../store/scrub.ts";
import type { Scrubber } from "../store/scrubber.ts";
import { markDamaged } from "../store/damage.ts";
import { Heads } from "./heads.ts";
import { HeightWaiters } from "./heightWaiters.ts";
import { Turns } from "../turns.ts";

export interface MemberConfig {
  readonly genesis: Genesis;
  readonly institution: InstitutionId;
  readonly signing: SigningKeypair;
  readonly application: Application;
  readonly store: ChainStore;
  readonly scrubber: Scrubber;
  readonly now: () => number;
  /** Told once, when the chain stops serving for a reason that somebody has to look at. */
  readonly onFault?: (why: string, cause: unknown) => void;
}

/** Entries given at once, together; one always is, however large. Putting them together must not hold others up. */
const ENTRIES_BYTES = 4 * 1024 * 1024;

/** Of sealed pages, which never change. */
const KEPT_COUNTERSIGNATURES = 4_096;

const STOPPED = "it is being stopped";

/** What writer and follower have in common: heads, entries for others, waiting for a height, and going out of service. */
export abstract class Member implements Chain {
  abstract readonly role: Chain["role"];
  abstract carry(slips: readonly Uint8Array[]): Promise<readonly SlipOutcome[]>;
  abstract takeGroup(group: Uint8Array): Promise<GroupOutcome>;
  abstract stop(): Promise<void>;

  protected readonly config: MemberConfig;
  readonly #heads: Heads;
  readonly #countersignatures = new Map<number, Uint8Array>();
  readonly #waiters = new HeightWaiters();
  readonly #closing = new AbortController();
  #scrubbing: Promise<ScrubResult> | undefined;
  #fault: string | undefined;

  constructor(config: MemberConfig) {
    const { genesis, institution, store, now } = config;
    this.config = config;
    this.#heads = new Heads({ chain: genesis.chain, institution, store, now, sign: this.sign });
  }

  get genesis(): Genesis {
    return this.config.genesis;
  }

  height(): number {
    return this.config.store.height ?? 0;
  }

  fault(): string | undefined {
    return this.#fault;
  }

  head(): Head {
    this.assertServing();
    return this.#heads.newest();
  }

  async headAt(height: number): Promise<Head> {
    await this.reach(height, limits.waitMs);
    this.assertServing();
    if (height > this.height())
      throw new AnamnesisError("NOT_YET", `Height ${height} is not committed here yet`);
    return this.#heads.of(height);
  }

  countersign(header: PageHeader): Uint8Array {
    this.assertServing();
    const known = this.#countersignatures.get(header.no);
    if (known !== undefined) return known;
    const signature = signPage(this.genesis.chain, header, this.sign);
    if (this.#countersignatures.size >= KEPT_COUNTERSIGNATURES) this.#countersignatures.clear();
    this.#countersignatures.set(header.no, signature);
    return signature;
  }

  snapshot<T>(read: (snapshot: Snapshot) => T): T {
    return this.config.application.query(({ state, height }) =>
      read({ state, height, head: () => this.#headOf(height) }),
    );
  }

  async blocks(after: number, limit: number, waitMs: number): Promise<Uint8Array[]> {
    await this.reach(after + 1, waitMs);
    const found: Uint8Array[] = [];
    let bytes = 0;
    const turns = new Turns();
    for (let height = after + 1; height <= this.height() && found.length < limit; height++) {
      const entry = this.config.store.entry(height);
      bytes += entry?.length ?? 0;
      if (entry === undefined || (found.length > 0 && bytes > ENTRIES_BYTES)) break;
      found.push(entry);
      await turns.giveWay();
    }
    return found;
  }

  async scrub(): Promise<ScrubResult> {
    const { genesis, store, scrubber } = this.config;
    this.#scrubbing = scrubber.scrub(genesis, store.folder, this.#closing.signal);
    const result = await this.#scrubbing;
    if (result.fault === undefined) return result;
    this.stopServing(result.fault);
    await markDamaged(store.folder, { fault: result.fault, height: this.height() });
    return result;
  }

  /** Signs under this node's key. */
  protected readonly sign = (type: string, message: Uint8Array): Uint8Array =>
    sign({ type, message, secretKey: this.config.signing.secretKey });

  /** From now on this chain serves no heads and takes nothing: doubtful state is not vouched for. */
  protected stopServing(why: string, cause?: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = why;
    if (why !== STOPPED) this.config.onFault?.(why, cause);
    this.#waiters.wake();
  }

  /** @throws {AnamnesisError} UNAVAILABLE */
  protected assertServing(): void {
    if (this.refusal !== undefined) throw this.refusal;
  }

  /** What whoever asks is told while there is a fault. */
  protected get refusal(): AnamnesisError | undefined {
    if (this.#fault === undefined) return undefined;
    return new AnamnesisError("UNAVAILABLE", `The chain is out of service here: ${this.#fault}`);
  }

  /** Tells whoever waits for a height that there is a new one. */
  protected committed(): void {
    this.#waiters.wake();
  }

  /** Waits until `height` is committed here, at most `waitMs`. */
  protected reach(height: number, waitMs: number): Promise<void> {
    return this.#waiters.until(() => this.height() >= height || this.#fault !== undefined, waitMs);
  }

  /** Lets everybody who waits go, and closes the store. */
  protected async close(): Promise<void> {
    this.stopServing(STOPPED);
    this.#closing.abort();
    await this.#scrubbing?.catch(() => undefined);
    await this.config.store.close();
  }

  #headOf(height: number): Head {
    this.assertServing();
    return this.#heads.of(height);
  }
}
