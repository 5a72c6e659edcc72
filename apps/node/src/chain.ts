import type { StateView } from "@anamnesis/ledger";
import type { ScrubResult } from "./store/scrub.ts";
import type { Genesis, Head, PageHeader, SlipOutcome } from "@anamnesis/protocol";

/** What became of a member's group: one outcome a slip, in order. */
export interface GroupOutcome {
  readonly height: number;
  readonly results: readonly SlipOutcome[];
}

/** One consistent view of the committed state; gone when the callback returns. */
export interface Snapshot {
  readonly state: StateView;
  readonly height: number;
  /** This member's head of that height, signed now or taken from the cache. */
  head(): Head;
}

/** One chain as this institution keeps it: as its writer or as a follower. What HTTP needs to know of an engine. */
export interface Chain {
  readonly genesis: Genesis;
  readonly role: "writer" | "follower";
  height(): number;
  /** Undefined while all is well; else why this chain serves no heads and takes no slips. */
  fault(): string | undefined;
  /**
   * Carries slips: grouped, signed by this node, committed durably at the writer, and committed here too (waits at most
   * 2 s for the latter). One outcome a slip, in order.
   * @throws {AnamnesisError} BUSY, STORAGE_FULL, UNAVAILABLE (the writer does not answer).
   */
  carry(slips: readonly Uint8Array[]): Promise<readonly SlipOutcome[]>;
  /**
   * Takes a group that another member's node signed. Writer only.
   * @throws {AnamnesisError} codes 1–9, BUSY, STORAGE_FULL, FORBIDDEN at a follower.
   */
  takeGroup(group: Uint8Array): Promise<GroupOutcome>;
  /** Encoded entries of the log, certified, above `after`; waits up to `waitMs` for the first. */
  blocks(after: number, limit: number, waitMs: number): Promise<readonly Uint8Array[]>;
  /** Signed now or in the last 2 s. @throws {AnamnesisError} UNAVAILABLE while there is a fault. */
  head(): Head;
  /** The head of a height committed here; waits up to 2 s. @throws {AnamnesisError} NOT_YET */
  headAt(height: number): Promise<Head>;
  /** This member's countersignature of a sealed page. */
  countersign(header: PageHeader): Uint8Array;
  snapshot<T>(read: (snapshot: Snapshot) => T): T;
  /** Re-hashes everything kept. */
  scrub(): Promise<ScrubResult>;
  stop(): Promise<void>;
}
