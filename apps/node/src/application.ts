import { slipCount } from "@anamnesis/ledger";
import type { BlockResult, Machine, SlipResult } from "@anamnesis/ledger";
import { AnamnesisError, invariant, limits, slipCodeText } from "@anamnesis/protocol";
import type { EntryCertificate, Group, LogEntry, SlipCode } from "@anamnesis/protocol";
import type { ChainStore, StoreSnapshot } from "./store/chainStore.ts";
import { encodeKept } from "./store/keptEntry.ts";
import { Turns } from "./turns.ts";
import { VerifiedGroups, isRefused } from "./verify/verifiedGroups.ts";
import type { RefusedGroup, Verify } from "./verify/verifiedGroups.ts";

export interface ApplicationConfig {
  readonly machine: Machine;
  readonly store: ChainStore;
  readonly verify: Verify;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What became of one slip of an executed group. `id` is absent where the group's form was refused. */
export type ExecutedSlip = Pick<SlipResult, "code"> & Partial<Pick<SlipResult, "id">>;

/** What an entry led to. Nobody sees it before {@link Application.commit}. */
export interface Executed extends Omit<BlockResult, "results"> {
  /** Per group, per slip, in order. */
  readonly results: readonly (readonly ExecutedSlip[])[];
}

export interface CommitRecord {
  /** When it was committed, by this node's clock, or block time when it is replayed; Unix milliseconds. */
  readonly time: number;
  /** Why it was decided, where the log is kept here (embedded engine). */
  readonly certificate?: EntryCertificate;
}

interface ExecutedEntry {
  readonly entry: LogEntry;
  readonly result: Omit<BlockResult, "results">;
  readonly results: Executed["results"];
  readonly groups: readonly (Group | RefusedGroup)[];
  /** How many slips the chain held before. */
  readonly first: number;
}

/**
 * What stands behind every engine, by the verbs of ABCI 2.0: pure machine, durable store. Execution stays in memory; only
 * {@link Application.commit} makes it durable. The embedded engine drives it, the one of the simulation does, and CometBFT
 * would over its socket; none of them needs to know anything of the ledger.
 */
export class Application {
  readonly machine: Machine;
  /** What was decoded and verified lately. */
  readonly groups: VerifiedGroups;
  readonly #store: ChainStore;
  readonly #now: () => number;
  #discards = 0;
  /** Executed and not durable yet, oldest first. */
  readonly #executed: ExecutedEntry[] = [];

  constructor({ machine, store, verify, now }: ApplicationConfig) {
    this.machine = machine;
    this.groups = new VerifiedGroups(machine, verify);
    this.#store = store;
    this.#now = now;
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
   * @throws {AnamnesisError} codes 1–9; UNAVAILABLE when signatures cannot be verified now.
   */
  async checkGroup(bytes: Uint8Array): Promise<Group> {
    const group = await this.groups.judgeOffered(this.#store.state, bytes);
    if (isRefused(group)) throw new AnamnesisError(group.code, slipCodeText[group.code]);
    return group;
  }

  /**
   * [PrepareProposal] What a block of this time should hold of the groups that wait: those that hold, in order, none twice,
   * as many as fit. Nothing at all while block time is more than two heartbeats behind this node's clock: after a halt,
   * `notAfter` of what waits would be judged by a time long past. The empty block brings the time forward.
   */
  async prepare(
    waiting: readonly Uint8Array[],
    {
      time,
      maxBytes = limits.blockBytes / 2,
    }: { readonly time: number; readonly maxBytes?: number },
  ): Promise<Uint8Array[]> {
    const { heartbeatSeconds } = this.machine.genesis.params;
    if (this.#now() - time > 2 * heartbeatSeconds * 1_000) return [];
    const seen = new Set<string>();
    const taken: Uint8Array[] = [];
    let bytes = 0;
    for (const group of waiting) {
      const name = Buffer.from(group.buffer, group.byteOffset, group.length).toString("latin1");
      if (seen.has(name) || bytes + group.length > maxBytes) continue;
      seen.add(name);
      if (isRefused(await this.groups.judge(this.#store.staged.state, group))) continue;
      taken.push(group);
      bytes += group.length;
    }
    return taken;
  }

  /**
   * [ProcessProposal] Whether an entry that another member proposes may be decided. What is verified here is not verified
   * again when it is executed.
   *
   * @returns OK, or the code of the first group that does not hold.
   * @throws {AnamnesisError} UNAVAILABLE when signatures cannot be verified now.
   */
  async process(entry: LogEntry): Promise<SlipCode> {
    const { genesis } = this.machine;
    if (entry.chain !== genesis.chain) return "WRONG_CHAIN";
    if (entry.groups.reduce((sum, { length }) => sum + length, 0) > limits.blockBytes)
      return "GROUP_TOO_LARGE";
    const groups = await this.#judge(entry.groups);
    return groups.find(isRefused)?.code ?? "OK";
  }

  /**
   * [FinalizeBlock] Executes a decided entry in memory, on what was executed last, and lets others in between groups. A group in it that does not hold yields
   * its code for each of its slips and changes nothing: what was decided is not refused (D7).
   *
   * @throws {AnamnesisError} UNAVAILABLE when signatures cannot be verified now, or what it follows from was discarded
   * meanwhile; nothing was executed then.
   */
  async finalize(entry: LogEntry): Promise<Executed> {
    this.#assertNext(entry);
    const discards = this.#discards;
    const assertStands = (): void => {
      if (discards !== this.#discards)
        throw new AnamnesisError(
          "UNAVAILABLE",
          `An entry before ${entry.height} was not committed`,
        );
    };
    const groups = await this.#judge(entry.groups);
    assertStands();
    const { state } = this.#store.staged;
    const first = slipCount(state);
    const execution = this.machine.beginBlock(state, entry);
    const results: (readonly ExecutedSlip[])[] = [];
    const turns = new Turns();
    for (const group of groups) {
      results.push(
        isRefused(group)
          ? Array.from({ length: group.slips ?? 1 }, () => ({ code: group.code }))
          : execution.executeGroup(group),
      );
      if (await turns.giveWay()) assertStands();
    }
    const result = execution.finish();
    this.#store.staged.stage(entry.height, result.writes);
    this.#executed.push({ entry, result, results, groups, first });
    return { ...result, results };
  }

  /**
   * [Commit] Makes the oldest executed entry durable: state, app hash and log in one transaction.
   *
   * @throws {AnamnesisError} STORAGE_FULL, nothing has changed then; STORE_CORRUPT.
   */
  async commit({ time, certificate }: CommitRecord): Promise<void> {
    const oldest = this.#executed[0];
    invariant(oldest !== undefined, "commit before finalize");
    const { entry, result } = oldest;
    const { height } = entry;
    const { writes, appHash } = result;
    const kept = certificate === undefined ? {} : { kept: keptOf(oldest, certificate) };
    await this.#store.commit({ height, writes, appHash, time, ...kept });
    if (this.#executed[0] === oldest) this.#executed.shift();
    for (const group of entry.groups) this.groups.forget(group);
  }

  /** Forgets what is executed and not durable: one entry of it could not be committed. */
  discard(): void {
    this.#discards += 1;
    this.#executed.length = 0;
    this.#store.staged.discard();
  }

  /** [Query] Reads one consistent snapshot. */
  query<T>(read: (snapshot: StoreSnapshot) => T): T {
    return read(this.#store.snapshot());
  }

  /**
   * [Snapshot] Every entry of the state at one height, in key order: what a joining node would be sent. In parts, between
   * which others go on; commits meanwhile do not show.
   */
  snapshot(): AsyncIterable<readonly (readonly [string, Uint8Array])[]> {
    return this.#store.parts();
  }

  async #judge(groups: readonly Uint8Array[]): Promise<(Group | RefusedGroup)[]> {
    const judged: Promise<Group | RefusedGroup>[] = [];
    const turns = new Turns();
    for (const bytes of groups) {
      const group = this.groups.judge(this.#store.staged.state, bytes);
      group.catch(() => undefined); // thrown where all are awaited
      judged.push(group);
      await turns.giveWay();
    }
    return Promise.all(judged);
  }

  #assertNext({ height }: LogEntry): void {
    const before = this.#store.staged.height ?? this.#store.height;
    invariant(
      before !== undefined && height === before + 1,
      `entry ${height} does not follow ${before}`,
    );
  }
}

/** The entry as the store keeps it. */
function keptOf(
  { entry, groups, results, first }: ExecutedEntry,
  certificate: EntryCertificate,
): Uint8Array {
  const executed = groups.map((group, g) => ({
    bytes: entry.groups[g]!,
    group: isRefused(group) ? undefined : group,
    codes: results[g]!.map(({ code }) => code),
  }));
  return encodeKept(entry, certificate, { first, groups: executed });
}
