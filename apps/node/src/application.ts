import type { BlockResult, Machine } from "@anamnesis/ledger";
import { AnamnesisError, decodeGroup, encodeBlock, invariant } from "@anamnesis/protocol";
import type { Block, Group, SignatureCheck } from "@anamnesis/protocol";
import type { ChainStore } from "./store/chainStore.ts";

/** Verifies many signatures; one result each. */
export type Verify = (checks: readonly SignatureCheck[]) => Promise<readonly boolean[]>;

/** A block to execute: what consensus (or the one writer) has ordered. */
export interface Proposal extends Pick<Block, "height" | "time" | "proposer"> {
  readonly groups: readonly Group[];
}

/**
 * What stands behind every engine, by the verbs of ABCI 2.0: pure machine, durable store. Execution stays in memory;
 * only {@link Application.commit} makes it durable. The embedded writer and follower drive it here; CometBFT would over its
 * socket.
 */
export class Application {
  readonly machine: Machine;
  readonly #store: ChainStore;
  readonly #verify: Verify;

  constructor(machine: Machine, store: ChainStore, verify: Verify) {
    this.machine = machine;
    this.#store = store;
    this.#verify = verify;
  }

  /** [Info] What was committed last. */
  info(): { readonly height: number; readonly appHash: Uint8Array } {
    const height = this.#store.height;
    const facts = height === undefined ? undefined : this.#store.facts(height);
    invariant(height !== undefined && facts !== undefined, "info before initChain");
    return { height, appHash: facts.appHash };
  }

  /** [InitChain] Makes height 0, once. */
  async initChain(): Promise<void> {
    if (this.#store.height !== undefined) return;
    const { writes, appHash } = this.machine.initChain();
    await this.#store.commit({ height: 0, writes, appHash, time: this.machine.genesis.time });
  }

  /**
   * [CheckTx] Form, keys and signatures of a group as it came.
   * @throws {AnamnesisError} codes 1–9.
   */
  async checkGroup(bytes: Uint8Array): Promise<Group> {
    const group = decodeGroup(bytes);
    const checks = this.machine.signatures(this.#store.state, group);
    const results = await this.#verify(checks);
    if (results[0] !== true)
      throw new AnamnesisError(
        "CARRIER_SIGNATURE",
        "Group refused: its carrier's signature does not verify",
      );
    if (!results.every(Boolean))
      throw new AnamnesisError(
        "SLIP_SIGNATURE",
        "Group refused: a slip's signature in it does not verify",
      );
    return group;
  }

  /** [PrepareProposal] Groups whose form and signatures hold, in order, none twice. */
  async prepare(groups: readonly Uint8Array[]): Promise<Group[]> {
    const seen = new Set<string>();
    const checked = await Promise.all(
      groups.map((bytes) => this.checkGroup(bytes).catch(refusedGroup)),
    );
    return checked.filter((group): group is Group => {
      const name = group === undefined ? "" : Buffer.from(group.signature).toString("latin1");
      const isNew = group !== undefined && !seen.has(name);
      seen.add(name);
      return isNew;
    });
  }

  /** [ProcessProposal] The groups of a block that somebody else made. @throws {AnamnesisError} codes 1–9. */
  process(groups: readonly Uint8Array[]): Promise<Group[]> {
    return Promise.all(groups.map((bytes) => this.checkGroup(bytes)));
  }

  /** [FinalizeBlock] Executes in memory, on what was executed last. */
  finalize(proposal: Proposal): BlockResult {
    const before = this.#store.executedHeight;
    invariant(
      before !== undefined && proposal.height === before + 1,
      `block ${proposal.height} does not follow ${before}`,
    );
    return this.machine.finalizeBlock(this.#store.executed, proposal);
  }

  /** Lets the next block be finalized on this one before it is committed. */
  stage(height: number, { writes }: BlockResult): void {
    this.#store.stage(height, writes);
  }

  /** Forgets every block that was staged: one of them could not be committed. */
  discard(): void {
    this.#store.discardStaged();
  }

  /** [Commit] One durable transaction: state, block, app hash. @throws {AnamnesisError} STORAGE_FULL */
  async commit(block: Block, { writes, appHash }: BlockResult, now: number): Promise<void> {
    await this.#store.commit({
      height: block.height,
      writes,
      appHash,
      block: encodeBlock(block),
      time: now,
    });
  }

  /** [Query] Reads one consistent snapshot. */
  query<T>(read: (snapshot: ReturnType<ChainStore["snapshot"]>) => T): T {
    return read(this.#store.snapshot());
  }

  /** [Snapshot] Every entry of the state, in key order: what a joining node would be sent. */
  *snapshot(): Iterable<readonly [string, Uint8Array]> {
    yield* this.#store.snapshot().state.range("");
  }
}

function refusedGroup(error: unknown): undefined {
  if (error instanceof AnamnesisError) return undefined;
  throw error;
}
