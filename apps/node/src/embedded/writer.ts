import { AnamnesisError, certifyEntry, limits } from "@anamnesis/protocol";
import type { CertifiedEntry, Group, LogEntry, SlipOutcome } from "@anamnesis/protocol";
import type { Executed } from "../application.ts";
import type { GroupOutcome } from "../chain.ts";
import { Admission, passed } from "../verify/admission.ts";
import type { Verify } from "../verify/verifiedGroups.ts";
import { Batching } from "./batching.ts";
import { carryTogether, cutIntoGroups, shuffled } from "./carrying.ts";
import { Member } from "./member.ts";
import type { MemberConfig } from "./member.ts";
import { PageTimer } from "./pageTimer.ts";
import { Queue } from "./queue.ts";
import type { Batch, WaitingSlip } from "./queue.ts";
import { lastCommitted, predecessorOf } from "./succession.ts";
import type { Predecessor } from "./succession.ts";

/** After a full disk refused an entry, a due page is tried again this much later. */
const FULL_DISK_MS = 1_000;

/** An entry that is executed and not durable yet, and who waits for it. */
interface Proposed {
  readonly batch: Batch;
  /** The slips of this institution's, as they were cut into the first groups of the entry. */
  readonly together: readonly (readonly WaitingSlip[])[];
  readonly certified: CertifiedEntry;
  readonly results: Executed["results"];
}

/**
 * The embedded engine's writer. What waits makes an entry, so that one fsync serves many; while that entry is written, the
 * next one's signatures are verified in other threads and it is executed. An answer is given after the fsync.
 */
export class Writer extends Member {
  readonly role = "writer";
  readonly #admission: Admission;
  readonly #queue = new Queue();
  readonly #batching = new Batching();
  readonly #pageTimer: PageTimer;
  /** `full`: the disk refused the last entry; `stopped`: nothing is taken any more. */
  #state: "taking" | "full" | "stopped" = "taking";
  /** The entry executed last, durable or not yet; unknown after one was refused. */
  #last: Predecessor | undefined;
  /** Slips in entries that are executed and not durable yet. */
  #pending = 0;
  #making: Promise<void> | undefined;
  /** The newest entry on its way to the disk; fulfilled when it is settled, one way or the other. */
  #committing: Promise<void> = Promise.resolve();

  constructor(config: MemberConfig, verify: Verify) {
    super(config);
    const { application, store, institution, now } = config;
    this.#admission = new Admission({
      machine: application.machine,
      state: store.state,
      carrier: institution,
      verify,
      now,
      counts: () => true,
    });
    this.#pageTimer = new PageTimer(
      () => application.machine.pageDueAt(store.staged.state),
      now,
      () => this.#makeEntries(),
    );
    this.#pageTimer.set(1);
  }

  async carry(bytes: readonly Uint8Array[]): Promise<SlipOutcome[]> {
    this.#take(bytes.length);
    try {
      const judged = await this.#admission.judge(bytes);
      this.#assertTaking(); // Nothing that is queued after the last entry would ever be answered.
      const outcomes = judged.map((entry) =>
        passed(entry) ? this.#queue.addSlip(entry) : Promise.resolve(entry),
      );
      this.#batching.stirred();
      this.#makeEntries();
      return await Promise.all(outcomes);
    } finally {
      this.#queue.leave(bytes.length);
    }
  }

  async takeGroup(bytes: Uint8Array): Promise<GroupOutcome> {
    let count: number = limits.groupSlips;
    this.#take(count);
    try {
      const group = await this.config.application.checkGroup(bytes);
      this.#assertTaking();
      this.#queue.leave(count - group.slips.length);
      count = group.slips.length;
      const outcome = this.#queue.addGroup(group);
      this.#batching.stirred();
      this.#makeEntries();
      return await outcome;
    } finally {
      this.#queue.leave(count);
    }
  }

  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#pageTimer.clear();
    await this.#making;
    rejectAll(
      this.#queue.takeAll(),
      new AnamnesisError("UNAVAILABLE", "The node stopped before the slip was carried"),
    );
    await this.close();
  }

  #assertTaking(): void {
    this.assertServing();
    if (this.#state === "stopped") throw new AnamnesisError("UNAVAILABLE", "The node is stopping");
  }

  /** @throws {AnamnesisError} BUSY, STORAGE_FULL, UNAVAILABLE */
  #take(slips: number): void {
    this.#assertTaking();
    this.config.store.assertRoom();
    this.#queue.arrive(slips);
  }

  #batchSlips(): number {
    return this.#batching.batchSlips(this.#queue.underWay);
  }

  /** Makes entries as long as something waits. */
  #makeEntries(): void {
    if (this.#state === "stopped") return;
    this.#making ??= this.#makeAll().finally(() => {
      this.#making = undefined;
      if (this.#queue.waiting > 0) this.#makeEntries();
    });
  }

  async #makeAll(): Promise<void> {
    while (this.#state === "taking" && (this.#queue.waiting > 0 || this.#pageTimer.isDue())) {
      await this.#batching.until(
        () => this.#pending === 0 || this.#queue.waiting >= this.#batchSlips(),
      );
      await this.#makeNext();
    }
    await this.#committing;
    if (this.#state === "stopped") return;
    this.#pageTimer.set(this.#state === "full" ? FULL_DISK_MS : 1);
    this.#state = "taking";
  }

  /** Executes an entry while the one before is being made durable, then waits for that one: no more than one is ahead. */
  async #makeNext(): Promise<void> {
    const batch = this.#queue.take(this.#batchSlips());
    const before = this.#committing;
    try {
      this.#committing = this.#settle(await this.#execute(batch), before);
      await before;
    } catch (error) {
      await before;
      this.#refuse(batch, error);
    }
  }

  async #execute(batch: Batch): Promise<Proposed> {
    const together = cutIntoGroups(shuffled(batch.slips));
    const own = together.map((admitted) => this.#carry(admitted));
    const groups = [...own, ...batch.groups.map(({ group }) => group)];
    const { genesis, store, application, now } = this.config;
    const before = (this.#last ??= lastCommitted(genesis, store));
    const entry: LogEntry = {
      chain: genesis.chain,
      height: before.height + 1,
      time: Math.max(before.time, now()),
      proposer: this.config.institution,
      groups: groups.map(({ bytes }) => bytes),
      absent: [],
      misbehaviour: [],
    };
    const { appHash, results } = await application.finalize(entry);
    const certified = certifyEntry(entry, { prevHash: before.hash, appHash }, this.sign);
    this.#last = predecessorOf(certified);
    return { batch, together, certified, results };
  }

  #carry(admitted: readonly WaitingSlip[]): Group {
    const { genesis, institution, signing, application } = this.config;
    const { chain } = genesis;
    const { publicKey } = signing;
    const { sign } = this;
    return carryTogether(
      { chain, institution, publicKey, sign, groups: application.groups },
      admitted,
    );
  }

  /** Makes an entry durable once the one before is, and answers. */
  async #settle(proposed: Proposed, before: Promise<void>): Promise<void> {
    const { entry, certificate } = proposed.certified;
    const count = proposed.results.reduce((sum, results) => sum + results.length, 0);
    this.#pending += count;
    await before;
    try {
      // What it was executed on has to be what was committed: the entry before may have failed.
      if (entry.height !== this.height() + 1) throw diskWasFull();
      await this.config.application.commit({ time: this.config.now(), certificate });
    } catch (error) {
      return this.#refuse(proposed.batch, error);
    } finally {
      this.#pending -= count;
      this.#batching.stirred();
    }
    this.committed();
    answer(proposed);
  }

  /**
   * A full disk or a verifier that died refuses this entry only, and whoever comes next tries again. Anything else is a
   * doubt: the chain stops, and everybody who waits is told.
   */
  #refuse(batch: Batch, error: unknown): void {
    this.#last = undefined;
    this.config.application.discard();
    const code = error instanceof AnamnesisError ? error.code : undefined;
    if (code === "STORAGE_FULL") {
      if (this.#state === "taking") this.#state = "full";
    } else if (code !== "UNAVAILABLE") {
      this.#state = "stopped";
      this.stopServing("an entry could not be made", error);
      rejectAll(this.#queue.takeAll(), this.refusal ?? error);
    }
    rejectAll(batch, this.refusal ?? error);
  }
}

function answer({ together, batch, certified, results }: Proposed): void {
  const { height } = certified.entry;
  for (const [g, slips] of together.entries())
    for (const [s, { slip, resolve }] of slips.entries())
      resolve({ id: slip.id, code: results[g]![s]!.code, height });
  for (const [g, { group, resolve }] of batch.groups.entries()) {
    const codes = results[together.length + g]!;
    resolve({
      height,
      results: group.slips.map(({ id }, s) => ({ id, code: codes[s]!.code, height })),
    });
  }
}

function rejectAll({ slips, groups }: Batch, error: unknown): void {
  for (const { reject } of [...slips, ...groups]) reject(error);
}

const diskWasFull = (): AnamnesisError =>
  new AnamnesisError("STORAGE_FULL", "The chain's disk was full when the entry before was written");
