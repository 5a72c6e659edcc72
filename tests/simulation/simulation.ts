/**
 * A consortium of a writer and two followers in one process, whose every misfortune follows from a seed: requests and
 * answers lost, late and doubled; processes that die between execution and commit or between commit and answer; disks
 * lost; clocks apart and set back. What must hold after all of it: {@link Simulation.verify}.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { equalBytes, toHex } from "@anamnesis/crypto/verify";
import { findSlip, pageHeader } from "@anamnesis/ledger";
import { AnamnesisError, limits, makeSlip, pageHash } from "@anamnesis/protocol";
import type { Genesis, InstitutionId, PageHeader, SlipId } from "@anamnesis/protocol";
import { genesisTime, makeGenesis } from "@anamnesis/testing/federation";
import { publishFields, revokeFields } from "@anamnesis/testing/grantSlips";
import { keyOf, signer } from "@anamnesis/testing/keys";
import type { MadeSlip } from "@anamnesis/testing/testChain";
import { seededNumbers } from "@anamnesis/testing/chainScenario";
import { until } from "@anamnesis/testing/until";
import { SimulatedNode, unreliableWriter } from "./simulatedNode.ts";

const writerId = "national-authority" as InstitutionId;
const followerIds = ["general-hospital", "provincial-authority"] as InstitutionId[];
const STEPS = 24;

export class Simulation {
  readonly #genesis: Genesis;
  readonly #dir: string;
  readonly #below: (bound: number) => number;
  readonly #writer: SimulatedNode;
  readonly #followers: readonly SimulatedNode[];
  /** Slips that a client was told are on the chain. */
  readonly acknowledged = new Set<SlipId>();
  readonly #unanswered = new Map<SlipId, MadeSlip>();
  readonly #sent: MadeSlip[] = [];
  /** How often each misfortune came about. */
  readonly misfortunes = { beforeCommit: 0, afterCommit: 0, lostDisk: 0 };
  #time = genesisTime + 1_000;
  #healed = false;
  #labels = 0;

  private constructor(seed: number, dir: string) {
    this.#dir = dir;
    this.#below = seededNumbers(seed);
    this.#genesis = makeGenesis("consortium", { params: { pageSlips: 5, pageSeconds: 2 } });
    const common = { genesis: this.#genesis, dir };
    const now = (skewMs: number) => () => this.#time + skewMs;
    this.#writer = new SimulatedNode({ ...common, institution: writerId, now: now(0) });
    this.#followers = followerIds.map(
      (institution, i) =>
        new SimulatedNode({
          ...common,
          institution,
          now: now(300 * i - 150),
          writer: unreliableWriter(
            () => this.#writer.chain,
            this.#below,
            () => this.#healed,
          ),
        }),
    );
  }

  /** Lives through one seed's life and verifies it. @throws What did not hold. */
  static async run(seed: number): Promise<Simulation> {
    const simulation = new Simulation(seed, await mkdtemp(join(tmpdir(), "simulation-")));
    try {
      await simulation.#live();
      await simulation.#heal();
      await simulation.#verify();
    } finally {
      for (const node of simulation.#nodes) await node.stop();
      await rm(simulation.#dir, { recursive: true, force: true });
    }
    return simulation;
  }

  get #nodes(): readonly SimulatedNode[] {
    return [this.#writer, ...this.#followers];
  }

  /** What the writer holds now. */
  get height(): number {
    return this.#writer.chain.height();
  }

  async #live(): Promise<void> {
    for (const node of this.#nodes) await node.start();
    const calls: Promise<void>[] = [];
    for (let step = 0; step < STEPS; step++) {
      calls.push(...this.#step());
      await new Promise((resolve) => setTimeout(resolve, this.#below(6)));
      await this.#raiseTheDead();
      if (this.#below(10) === 0) await this.#loseADisk();
    }
    await Promise.all(calls);
  }

  /** One step: some slips to some nodes, time passes, and perhaps a crash is at hand. */
  #step(): Promise<void>[] {
    this.#time += this.#below(8) === 0 ? -this.#below(400) : this.#below(900);
    const victim = this.#pick(this.#nodes);
    if (this.#below(4) === 0) victim.crashAt(this.#below(2) === 0 ? "beforeCommit" : "afterCommit");
    return Array.from({ length: 1 + this.#below(3) }, () => {
      const slips = Array.from({ length: 1 + this.#below(6) }, () => this.#slip());
      return this.#send(this.#pick(this.#nodes), slips);
    });
  }

  async #send(node: SimulatedNode, slips: readonly MadeSlip[]): Promise<void> {
    for (const slip of slips) this.#unanswered.set(slip.id, slip);
    let outcomes;
    try {
      outcomes = await node.chain.carry(slips.map(({ bytes }) => bytes));
    } catch (error) {
      if (error instanceof AnamnesisError) return; // Not answered: may or may not be on the chain.
      throw error;
    }
    for (const { id, code } of outcomes) {
      assert.ok(id !== null);
      this.#unanswered.delete(id);
      // REPLAYED says that the slip is on the chain: as good as an acknowledgement.
      if (code === "OK" || code === "REPLAYED") this.acknowledged.add(id);
    }
  }

  async #raiseTheDead(): Promise<void> {
    for (const node of this.#nodes) {
      if (node.lives) continue;
      assert.match(node.fault ?? "", /could not be made|could not be executed/);
      this.misfortunes[node.diedAt!] += 1;
      await node.restart();
    }
  }

  async #loseADisk(): Promise<void> {
    this.misfortunes.lostDisk += 1;
    await this.#pick(this.#followers).loseDisk();
  }

  /** The network works again, everybody runs, clients repeat what was not answered; until all are as high as the writer. */
  async #heal(): Promise<void> {
    this.#healed = true;
    const heal = async (): Promise<boolean> => {
      await this.#raiseTheDead();
      for (const slip of this.#unanswered.values())
        await this.#send(this.#pick(this.#nodes), [slip]);
      return this.#unanswered.size === 0 && this.#isLevel();
    };
    await until("all are level again", heal, { progress: () => this.#describe() }).catch((cause) =>
      assert.fail(`${(cause as Error).message}: ${this.#describe()}`),
    );
  }

  #isLevel(): boolean {
    return this.#nodes.every((node) => node.lives && node.chain.height() === this.height);
  }

  #describe(): string {
    const heights = this.#nodes.map(
      (node) => `${node.institution} ${node.lives ? node.chain.height() : "dead"}`,
    );
    return `${heights.join(", ")}; ${this.#unanswered.size} unanswered`;
  }

  async #verify(): Promise<void> {
    const height = this.height;
    for (let at = 1; at <= height; at++) {
      const [first, ...others] = await Promise.all(
        this.#nodes.map(({ chain }) => chain.headAt(at)),
      );
      for (const head of others)
        assert.equal(toHex(head.appHash), toHex(first!.appHash), `I2: height ${at}`);
    }
    for (const { chain, institution } of this.#nodes) {
      chain.snapshot(({ state }) => {
        for (const id of this.acknowledged)
          assert.ok(findSlip(state, id), `I1: ${institution} lost an acknowledged slip`);
        let before: PageHeader | undefined;
        for (let no = 0; ; no++) {
          const page = pageHeader(state, no);
          if (page === undefined) break;
          const prevHash = before === undefined ? new Uint8Array(32) : pageHash(before);
          assert.ok(equalBytes(page.prevHash, prevHash), `page ${no} does not follow`);
          before = page;
        }
      });
      const { fault } = await chain.scrub();
      assert.equal(fault, undefined, `I7: ${institution}`);
    }
  }

  /** Mostly a new grant; sometimes one said again, revoked, unsigned or late. */
  #slip(): MadeSlip {
    const choice = this.#below(12);
    const past = this.#sent.length === 0 ? undefined : this.#pick(this.#sent);
    if (past !== undefined && choice === 0) return past;
    this.#labels += 1;
    const label = `grant ${choice === 1 ? this.#below(this.#labels) : this.#labels}`;
    const key = keyOf(label);
    const header = {
      chain: this.#genesis.chain,
      time: this.#time,
      notAfter: this.#time + (choice === 2 ? -1 : limits.clientNotAfterMs),
    };
    const signing = signer(choice === 3 ? keyOf("mallory") : key);
    const slip =
      choice === 1
        ? makeSlip("grant.revoke", header, revokeFields(label), signing)
        : makeSlip(
            "grant.publish",
            header,
            publishFields(label, { expiresAt: this.#time + 3_600_000 }),
            signing,
          );
    this.#sent.push(slip);
    return slip;
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#below(from.length)]!;
  }
}
