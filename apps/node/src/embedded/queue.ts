import { AnamnesisError, limits } from "@anamnesis/protocol";
import type { Group, SlipOutcome } from "@anamnesis/protocol";
import type { GroupOutcome } from "../chain.ts";
import type { Admitted } from "../verify/admission.ts";

/** Leaves room in an entry for its frame and the groups' frames. */
const ENTRY_BYTES = limits.blockBytes / 2;
/** Slips of other members' groups that one entry takes: executing it must not hold up the rest of the node. */
const ENTRY_SLIPS = 512;
/** Slips that may be under way; beyond, callers are told to come back (429). */
const QUEUE_SLIPS = 16_384;

interface Promised<T> {
  readonly resolve: (outcome: T) => void;
  readonly reject: (error: unknown) => void;
}
/** A slip of this institution's that waits to be carried. */
export type WaitingSlip = Admitted & Promised<SlipOutcome>;
/** A member's group that waits; its form and signatures hold. */
export type WaitingGroup = { readonly group: Group } & Promised<GroupOutcome>;

/** What the next entry takes. */
export interface Batch {
  readonly slips: readonly WaitingSlip[];
  readonly groups: readonly WaitingGroup[];
}

/** What waits for the writer's next entry, and how much is under way from arrival to answer. */
export class Queue {
  readonly #slips: WaitingSlip[] = [];
  readonly #groups: WaitingGroup[] = [];
  #groupSlips = 0;
  #underWay = 0;

  /** Slips under way, from arrival to answer. */
  get underWay(): number {
    return this.#underWay;
  }

  /** Slips that wait. */
  get waiting(): number {
    return this.#slips.length + this.#groupSlips;
  }

  /** @throws {AnamnesisError} BUSY */
  arrive(slips: number): void {
    if (this.#underWay + slips > QUEUE_SLIPS)
      throw new AnamnesisError("BUSY", "Too many slips wait; come back in a second");
    this.#underWay += slips;
  }

  /** Answered, or fewer than they were taken for. */
  leave(slips: number): void {
    this.#underWay -= slips;
  }

  addSlip(admitted: Admitted): Promise<SlipOutcome> {
    return new Promise((resolve, reject) => {
      this.#slips.push({ ...admitted, resolve, reject });
    });
  }

  addGroup(group: Group): Promise<GroupOutcome> {
    this.#groupSlips += group.slips.length;
    return new Promise((resolve, reject) => {
      this.#groups.push({ group, resolve, reject });
    });
  }

  /** Takes what the next entry holds: at most so many slips of this institution's, and members' groups as they fit. */
  take(mostSlips: number): Batch {
    return { slips: this.#takeSlips(mostSlips), groups: this.#takeGroups() };
  }

  /** Takes everything. */
  takeAll(): Batch {
    this.#groupSlips = 0;
    return { slips: this.#slips.splice(0), groups: this.#groups.splice(0) };
  }

  #takeSlips(most: number): WaitingSlip[] {
    let count = 0;
    for (let bytes = 0; count < Math.min(this.#slips.length, most); count += 1) {
      bytes += this.#slips[count]!.slip.bytes.length;
      if (bytes > ENTRY_BYTES / 2) break;
    }
    return this.#slips.splice(0, count);
  }

  #takeGroups(): WaitingGroup[] {
    let count = 0;
    let slips = 0;
    for (let bytes = 0; count < this.#groups.length; count += 1) {
      const { group } = this.#groups[count]!;
      bytes += group.bytes.length;
      if (bytes > ENTRY_BYTES / 2 || (count > 0 && slips + group.slips.length > ENTRY_SLIPS)) break;
      slips += group.slips.length;
    }
    this.#groupSlips -= slips;
    return this.#groups.splice(0, count);
  }
}
