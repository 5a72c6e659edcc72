/** A life of a chain under the second engine, whose every misfortune follows from a seed. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createSha256, sha256, toHex, verifySignatureRaw } from "@anamnesis/crypto/verify";
import { findSlip, makeMachine, recount } from "@anamnesis/ledger";
import { decodeGroup } from "@anamnesis/protocol";
import type { ChainKind, Genesis, InstitutionId, SlipId } from "@anamnesis/protocol";
import { enrolmentOf } from "@anamnesis/testing/enrolments";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { Scenario, seededNumbers } from "@anamnesis/testing/chainScenario";
import { temporaryFolder } from "@anamnesis/testing/temporaryFolder";
import { Application } from "../../apps/node/src/application.ts";
import { ChainStore } from "../../apps/node/src/store/chainStore.ts";
import { MemoryEngine, deaths } from "./memoryEngine.ts";
import type { Decided } from "./memoryEngine.ts";

const HEIGHTS = 24;

export class EngineLife {
  readonly engine: MemoryEngine;
  /** Slips that an entry took. */
  readonly accepted = new Set<SlipId>();
  /** Codes of slips that none did. */
  readonly refused = new Set<string>();
  crashes = 0;
  /** Whether proposers lie now and then. */
  hasLiars = true;
  /** Added to every clock, beside what the scenario says. */
  halted = 0;
  readonly #genesis: Genesis;
  readonly #scenario: Scenario;
  readonly #below: (bound: number) => number;
  readonly #dir: string;
  readonly #suspended: InstitutionId[] = [];
  #newcomers = 0;
  readonly #stores = new Map<InstitutionId, ChainStore>();

  private constructor(seed: number, kind: ChainKind, dir: string) {
    this.#dir = dir;
    this.#below = seededNumbers(seed);
    this.#scenario = new Scenario(seed, kind);
    this.#genesis = this.#scenario.chain.genesis;
    const voters = this.#genesis.members.filter(({ power }) => power > 0);
    this.engine = new MemoryEngine({
      chain: this.#genesis.chain,
      genesisTime: this.#genesis.time,
      voters,
      start: async (voter) => this.#start(voter),
      kill: async (voter) => this.#kill(voter),
      clock: (voter) => this.now + 40 * (voter.length % 7),
      below: this.#below,
      corrupt: (groups) => (this.hasLiars ? this.#corrupt(groups) : groups),
    });
  }

  static async begin(seed: number, kind: ChainKind): Promise<EngineLife> {
    const life = new EngineLife(seed, kind, await temporaryFolder("engine-"));
    for (const voter of life.engine.voters) await life.engine.start(voter);
    return life;
  }

  /** Lives through one seed's life and verifies it. @throws What did not hold. */
  static async run(seed: number, kind: ChainKind): Promise<EngineLife> {
    const life = await EngineLife.begin(seed, kind);
    try {
      for (let height = 0; height < HEIGHTS; height += 1) await life.#step();
      await life.#verify();
    } finally {
      await life.end();
    }
    return life;
  }

  /** Unix milliseconds. */
  get now(): number {
    return this.#scenario.chain.time + this.halted;
  }

  get chain(): Scenario["chain"] {
    return this.#scenario.chain;
  }

  async end(): Promise<void> {
    for (const voter of this.#stores.keys()) await this.#kill(voter);
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** Decides one height and notes what became of its slips. */
  async decide(): Promise<Decided | undefined> {
    const decided = await this.engine.decide();
    for (const [g, codes] of (decided?.codes ?? []).entries()) {
      if (codes.every((code) => code !== "OK")) {
        for (const code of codes) this.refused.add(code);
        continue;
      }
      for (const [s, { id }] of decodeGroup(decided!.entry.groups[g]!).slips.entries())
        if (codes[s] === "OK") this.accepted.add(id);
        else this.refused.add(codes[s]!);
    }
    return decided;
  }

  async #step(): Promise<void> {
    const { engine } = this;
    for (const { bytes } of this.#scenario.step().groups)
      await engine.offer(this.#pick([...engine.running.keys()]), bytes);
    if (this.#below(4) === 0) {
      const { bytes } = this.chain.group([this.#membership()]);
      await engine.offer(this.#pick([...engine.running.keys()]), bytes);
    }
    if (this.#below(3) === 0) {
      const voter = this.#pick([...engine.running.keys()]);
      engine.dieAt(voter, this.#pick(deaths));
      this.crashes += 1;
    }
    if ((await this.decide()) === undefined) await this.#raiseAll();
    if (this.#below(3) === 0) await this.#raiseAll();
  }

  /** A voter more or fewer, signed by all who vote; or the last that lost its vote, once more. */
  #membership(): MadeSlip {
    const { voters } = this.engine;
    const { writer, authority } = this.#genesis;
    const leaving = voters.filter((id) => id !== writer && id !== authority);
    const back = this.#suspended.at(-1);
    if (back !== undefined && this.#below(2) === 0)
      return this.chain.cosignedSlip("institution.suspend", { id: back, suspended: false }, voters);
    if (voters.length > 3 && this.#below(2) === 0) {
      const id = this.#pick(leaving);
      this.#suspended.push(id);
      return this.chain.cosignedSlip("institution.suspend", { id, suspended: true }, voters);
    }
    const id = `newcomer-${(this.#newcomers += 1)}`;
    return this.chain.cosignedSlip("institution.enrol", enrolmentOf(id, { power: 1 }), voters);
  }

  async #raiseAll(): Promise<void> {
    for (const voter of this.engine.voters)
      if (!this.engine.running.has(voter)) await this.engine.start(voter);
  }

  /** Everybody at one height, with one state that holds together and holds what was accepted; so does who begins now. */
  async #verify(): Promise<void> {
    await this.#raiseAll();
    const states = new Set<string>();
    const appHashes = new Set<string>();
    for (const application of this.engine.running.values()) {
      assert.equal(application.info().height, this.engine.height);
      appHashes.add(toHex(application.info().appHash));
      application.query(({ state }) => {
        assert.equal(recount(state).fault, undefined);
        for (const id of this.accepted) assert.ok(findSlip(state, id), `I1: slip ${id} is lost`);
      });
      const hash = createSha256();
      for await (const part of application.snapshot())
        for (const [key, value] of part)
          hash.update(sha256(Buffer.from(key, "latin1"))).update(sha256(value));
      states.add(toHex(hash.digest()));
    }
    assert.equal(appHashes.size, 1, "I2: app hashes differ");
    assert.equal(states.size, 1, "I2: states differ");
  }

  #start(voter: InstitutionId): Application {
    const store = new ChainStore(join(this.#dir, voter));
    this.#stores.set(voter, store);
    return new Application({
      machine: makeMachine(this.#genesis),
      store,
      verify: async (checks) => checks.map(verifySignatureRaw),
      now: () => this.now,
    });
  }

  async #kill(voter: InstitutionId): Promise<void> {
    const store = this.#stores.get(voter);
    this.#stores.delete(voter);
    await store?.close();
  }

  /** Something that is no group, one with a flipped bit, one too large. */
  #corrupt(groups: readonly Uint8Array[]): readonly Uint8Array[] {
    const wrong = [Uint8Array.of(this.#below(256)), new Uint8Array(600_000)];
    const [first] = groups;
    if (first !== undefined) {
      const at = this.#below(first.length);
      wrong.push(Uint8Array.from(first, (byte, i) => (i === at ? byte ^ 1 : byte)));
    }
    return [...groups, this.#pick(wrong)];
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}
