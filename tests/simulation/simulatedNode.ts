/** One member's node without HTTP: real machine, application and store, a crash at will, and a network that fails at will. */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { verifySignatureRaw } from "@anamnesis/crypto/verify";
import { makeMachine } from "@anamnesis/ledger";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Genesis, InstitutionId } from "@anamnesis/protocol";
import type { Chain } from "../../apps/node/src/chain.ts";
import { Writer } from "../../apps/node/src/embedded/writer.ts";
import { Application } from "../../apps/node/src/application.ts";
import type { Verify } from "../../apps/node/src/verify/verifiedGroups.ts";
import { Follower } from "../../apps/node/src/embedded/follower.ts";
import { ChainStore } from "../../apps/node/src/store/chainStore.ts";
import { Scrubber } from "../../apps/node/src/store/scrubber.ts";
import type { Peer } from "../../apps/node/src/embedded/peer.ts";
import { keyOf } from "@anamnesis/testing/keys";

/** Where a process dies: executed but not durable, or durable but nobody told. */
export type CrashPoint = "beforeCommit" | "afterCommit";

/** One thread scrubs for all nodes of all simulations. */
const scrubber = new Scrubber();

class Crash extends Error {}

class CrashingApplication extends Application {
  readonly #takeCrash: () => CrashPoint | undefined;

  constructor(
    genesis: Genesis,
    store: ChainStore,
    now: () => number,
    takeCrash: () => CrashPoint | undefined,
  ) {
    super({ machine: makeMachine(genesis), store, verify, now });
    this.#takeCrash = takeCrash;
  }

  override async commit(record: Parameters<Application["commit"]>[0]): Promise<void> {
    const crash = this.#takeCrash();
    if (crash === "beforeCommit") throw new Crash(crash);
    await super.commit(record);
    if (crash === "afterCommit") throw new Crash(crash);
  }
}

const verify: Verify = (checks) => Promise.resolve(checks.map(verifySignatureRaw));

export class SimulatedNode {
  readonly institution: InstitutionId;
  readonly #genesis: Genesis;
  readonly #folder: string;
  readonly #now: () => number;
  readonly #writer: Peer | undefined;
  #crash: CrashPoint | undefined;
  #diedAt: CrashPoint | undefined;
  #chain: Chain | undefined;

  /** @param input.writer - How a follower reaches the writer; absent at the writer. */
  constructor(input: {
    readonly institution: InstitutionId;
    readonly genesis: Genesis;
    readonly dir: string;
    readonly now: () => number;
    readonly writer?: Peer;
  }) {
    this.institution = input.institution;
    this.#genesis = input.genesis;
    this.#folder = join(input.dir, input.institution);
    this.#now = input.now;
    this.#writer = input.writer;
  }

  /** The chain while the process lives. @throws {AnamnesisError} UNAVAILABLE */
  get chain(): Chain {
    if (this.#chain === undefined) throw new AnamnesisError("UNAVAILABLE", "The process is gone");
    return this.#chain;
  }

  /** Whether it runs and has not died of a crash. */
  get lives(): boolean {
    return this.#chain !== undefined && this.#chain.fault() === undefined;
  }

  /** Why it stopped serving, if it did and was not told to crash. */
  get fault(): string | undefined {
    return this.#chain?.fault();
  }

  /** Where the last crash was. */
  get diedAt(): CrashPoint | undefined {
    return this.#diedAt;
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const store = new ChainStore(this.#folder);
    const application = new CrashingApplication(this.#genesis, store, this.#now, () => {
      this.#diedAt = this.#crash;
      this.#crash = undefined;
      return this.#diedAt;
    });
    await application.initChain();
    const member = {
      genesis: this.#genesis,
      institution: this.institution,
      signing: keyOf(this.institution),
      application,
      store,
      scrubber,
      now: this.#now,
    };
    this.#chain =
      this.#writer === undefined
        ? new Writer(member, verify)
        : new Follower(member, verify, this.#writer);
  }

  /** Dies at the next commit. */
  crashAt(point: CrashPoint): void {
    this.#crash = point;
  }

  /** Ends what is left of the process. */
  async stop(): Promise<void> {
    this.#crash = undefined;
    const chain = this.#chain;
    this.#chain = undefined;
    await chain?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** The disk is lost: it begins again from genesis. */
  async loseDisk(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
    await this.start();
  }
}

/** A follower's way to the writer, on which requests and answers get lost, late and doubled. */
export function unreliableWriter(
  writer: () => Chain,
  below: (bound: number) => number,
  isHealed: () => boolean,
): Peer {
  const fails = (oneIn: number): boolean => !isHealed() && below(oneIn) === 0;
  const lost = (what: string): AnamnesisError =>
    new AnamnesisError("UNAVAILABLE", `The ${what} got lost`);
  const late = async (): Promise<void> => {
    if (fails(4)) await new Promise((resolve) => setTimeout(resolve, below(10)));
  };
  return {
    blocks: async (after, limit, waitMs, signal) => {
      await late();
      if (fails(16)) throw lost("request");
      const most = isHealed() ? limit : 1 + below(4);
      const blocks = await writer().blocks(after, most, Math.min(waitMs, 20));
      await late();
      if (signal.aborted || fails(16)) throw lost("answer");
      return [...blocks];
    },
    offer: async (group) => {
      await late();
      if (fails(8)) throw lost("request");
      if (fails(4)) await writer().takeGroup(group);
      const taken = await writer().takeGroup(group);
      await late();
      if (fails(8)) throw lost("answer");
      return taken;
    },
  };
}
