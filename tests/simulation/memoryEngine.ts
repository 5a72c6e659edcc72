/**
 * A second engine, in memory: it does to an application what CometBFT does, with voters that propose in random turn, are
 * absent, lie and die, come and go. It knows the application's verbs and log entries, and nothing of the ledger.
 */
import assert from "node:assert/strict";
import { toHex } from "@anamnesis/crypto/verify";
import type { ChainId, InstitutionId, LogEntry } from "@anamnesis/protocol";
import type { Application, Executed } from "../../apps/node/src/application.ts";
import { replay } from "../../apps/node/src/replay.ts";
import type { Recorded } from "../../apps/node/src/replay.ts";

/** Where a voter's process dies at a height. */
export const deaths = ["beforeFinalize", "beforeCommit", "afterCommit"] as const;
export type Death = (typeof deaths)[number];

export interface EngineConfig {
  readonly chain: ChainId;
  /** Unix milliseconds. */
  readonly genesisTime: number;
  readonly voters: readonly { readonly id: InstitutionId; readonly power: number }[];
  /** Starts a voter's process, with what its disk holds. */
  readonly start: (voter: InstitutionId) => Promise<Application>;
  /** Ends it; whatever is not durable is lost. */
  readonly kill: (voter: InstitutionId) => Promise<void>;
  /** A voter's clock, Unix milliseconds. */
  readonly clock: (voter: InstitutionId) => number;
  /** A random whole number below the bound; the same ones for the same seed. */
  readonly below: (bound: number) => number;
  /** What a lying proposer makes of its proposal. */
  readonly corrupt: (groups: readonly Uint8Array[]) => readonly Uint8Array[];
}

/** What was decided at a height, and what became of it. */
export interface Decided {
  readonly entry: LogEntry;
  readonly codes: readonly (readonly string[])[];
}

export class MemoryEngine {
  /** Everything decided, from height 1 on. */
  readonly log: Recorded[] = [];
  /** Proposals that were voted down, and wrong ones that were decided all the same. */
  readonly counts = {
    rejected: 0,
    forced: 0,
    empty: 0,
    absences: 0,
    replayed: 0,
    joined: 0,
    left: 0,
  };
  readonly #config: EngineConfig;
  readonly #power: Map<InstitutionId, number>;
  readonly #running = new Map<InstitutionId, Application>();
  readonly #dying = new Map<InstitutionId, Death>();
  /** What waits, in the order in which it came; every voter has it. */
  #waiting: Uint8Array[] = [];
  #nextTime: number;
  #absent: readonly InstitutionId[] = [];

  constructor(config: EngineConfig) {
    this.#config = config;
    this.#power = new Map(config.voters.map(({ id, power }) => [id, power]));
    this.#nextTime = config.genesisTime;
  }

  get height(): number {
    return this.log.length;
  }

  get voters(): readonly InstitutionId[] {
    return [...this.#power.keys()];
  }

  /** Voters whose process runs, with their applications. */
  get running(): ReadonlyMap<InstitutionId, Application> {
    return this.#running;
  }

  /** Starts a voter, and brings its application to the height of the log: what it lost is replayed. */
  async start(voter: InstitutionId): Promise<void> {
    const application = await this.#config.start(voter);
    await application.initChain();
    for (let at = application.info().height; at < this.height; at += 1) {
      const recorded = this.log[at]!;
      await (
        await replay(application, recorded, { time: recorded.entry.time })
      ).committed;
      this.counts.replayed += 1;
    }
    this.#running.set(voter, application);
  }

  /** The voter dies at the next height, at this point. */
  dieAt(voter: InstitutionId, death: Death): void {
    this.#dying.set(voter, death);
  }

  /** Offers a group to a voter, who passes it on if it holds. @returns Whether it was taken. */
  async offer(voter: InstitutionId, group: Uint8Array): Promise<boolean> {
    try {
      await this.#running.get(voter)!.checkGroup(group);
    } catch {
      return false;
    }
    this.#waiting.push(group);
    return true;
  }

  /** Decides one height, as long as more than two thirds of the power run. */
  async decide(): Promise<Decided | undefined> {
    for (;;) {
      if (!this.#isQuorum([...this.#running.keys()])) return undefined;
      const proposal = await this.#propose();
      if (await this.#isAccepted(proposal)) return this.#execute(proposal);
      this.counts.rejected += 1;
    }
  }

  async #propose(): Promise<LogEntry> {
    const { below, chain, corrupt } = this.#config;
    const proposer = this.#pick([...this.#running.keys()]);
    const time = this.#nextTime;
    const honest = await this.#running.get(proposer)!.prepare(this.#waiting, { time });
    const groups = below(6) === 0 ? corrupt(honest) : honest;
    const misbehaviour = below(10) === 0 ? [this.#pick(this.voters)] : [];
    const height = this.height + 1;
    return { chain, height, time, proposer, groups, absent: this.#absent, misbehaviour };
  }

  /** Whether two thirds would decide it; now and then so many lie, and decide what does not hold. */
  async #isAccepted(proposal: LogEntry): Promise<boolean> {
    const verdicts = await Promise.all(
      Array.from(this.#running.values(), (application) => application.process(proposal)),
    );
    assert.equal(
      new Set(verdicts).size,
      1,
      `voters judge a proposal differently: ${verdicts.join()}`,
    );
    if (verdicts[0] === "OK") return true;
    const isForced = this.#config.below(3) === 0;
    if (isForced) this.counts.forced += 1;
    return isForced;
  }

  async #execute(entry: LogEntry): Promise<Decided> {
    const { below } = this.#config;
    const results = new Map<string, Decided["codes"]>();
    const appHashes = new Map<string, Uint8Array>();
    const changes = new Map<string, Executed["voterUpdates"]>();
    for (const [voter, application] of this.#running) {
      const death = this.#dying.get(voter);
      this.#dying.delete(voter);
      if (death === "beforeFinalize") {
        await this.#die(voter);
        continue;
      }
      const executed = await application.finalize(entry);
      appHashes.set(toHex(executed.appHash), executed.appHash);
      const codes = executed.results.map((slips) => slips.map(({ code }) => code));
      results.set(JSON.stringify(codes), codes);
      changes.set(JSON.stringify(executed.voterUpdates), executed.voterUpdates);
      if (death !== "beforeCommit") await application.commit({ time: this.#config.clock(voter) });
      if (death !== undefined) await this.#die(voter);
    }
    if (appHashes.size === 0) {
      // Everybody died: what was decided stands in their logs, and is executed when they come back.
      await this.#reviveOne(entry);
      return this.#execute(entry);
    }
    assert.equal(appHashes.size, 1, `app hashes differ at height ${entry.height}`);
    assert.equal(results.size, 1, `codes differ at height ${entry.height}`);
    assert.equal(changes.size, 1, `changes of voters differ at height ${entry.height}`);
    this.log.push({ entry, appHash: [...appHashes.values()][0]! });
    if (entry.groups.length === 0) this.counts.empty += 1;
    const taken = new Set(entry.groups.map(toHex));
    this.#waiting = this.#waiting.filter((group) => !taken.has(toHex(group)));
    const signed = [...this.#running.keys()].filter(() => below(12) > 0);
    this.#close(this.#isQuorum(signed) ? signed : [...this.#running.keys()]);
    await this.#changeVoters([...changes.values()][0]!);
    return { entry, codes: [...results.values()][0]! };
  }

  /** Who votes from the next height on: a newcomer begins with the whole log, who lost its vote goes. */
  async #changeVoters(updates: Executed["voterUpdates"]): Promise<void> {
    for (const { id, power } of updates) {
      if (power > 0) {
        const isNew = !this.#power.has(id);
        this.#power.set(id, power);
        if (!isNew) continue;
        await this.start(id);
        this.counts.joined += 1;
      } else if (this.#power.delete(id)) {
        if (this.#running.has(id)) await this.#die(id);
        this.counts.left += 1;
      }
    }
    this.#absent = this.#absent.filter((voter) => this.#power.has(voter));
  }

  /** Who signed what was decided: block time follows from their clocks, and the next entry names the others. */
  #close(signed: readonly InstitutionId[]): void {
    const clocks = signed.map(this.#config.clock).toSorted((left, right) => left - right);
    this.#nextTime = Math.max(this.#nextTime + 1, clocks[clocks.length >> 1] ?? 0);
    this.#absent = this.voters.filter((voter) => !signed.includes(voter)).toSorted();
    this.counts.absences += this.#absent.length;
  }

  async #reviveOne(entry: LogEntry): Promise<void> {
    const voter = this.#pick(this.voters);
    await this.start(voter);
    assert.equal(this.#running.get(voter)!.info().height, entry.height - 1);
  }

  async #die(voter: InstitutionId): Promise<void> {
    this.#running.delete(voter);
    await this.#config.kill(voter);
  }

  #isQuorum(voters: readonly InstitutionId[]): boolean {
    const sum = (of: readonly InstitutionId[]): number =>
      of.reduce((power, voter) => power + (this.#power.get(voter) ?? 0), 0);
    return 3 * sum(voters) > 2 * sum(this.voters);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#config.below(from.length)]!;
  }
}
