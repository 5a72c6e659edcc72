import type {
  AnamnesisError,
  ChainParams,
  Genesis,
  Group,
  InstitutionId,
  PageHeader,
  SlipCode,
  SlipId,
  SlipKind,
  StateRoots,
  Voter,
} from "@anamnesis/protocol";
import type { GroupCheck } from "./authenticate.ts";

/** The committed state as an ordered map. Keys are byte strings (`keys.ts`), compared by byte; `rows.ts` says what stands under them. */
export interface StateView {
  get(key: string): Uint8Array | undefined;
  /** Entries whose key starts with `prefix`, in key order (`reverse`: backwards), beginning after `after` if given. */
  range(
    prefix: string,
    options?: { readonly after?: string; readonly reverse?: boolean; readonly limit?: number },
  ): Iterable<readonly [string, Uint8Array]>;
}

/** What a block changes: `undefined` deletes. Only `commit` makes it durable. */
export type Writes = Map<string, Uint8Array | undefined>;

export interface BlockContext {
  readonly height: number;
  /** Block time, Unix milliseconds; never goes back. */
  readonly time: number;
  readonly proposer: InstitutionId;
  /** Voters who did not sign the block before. */
  readonly absent: readonly InstitutionId[];
  /** Voters who were proved to have misbehaved. */
  readonly misbehaviour: readonly InstitutionId[];
}

/** What an engine is told of a voter from the next block on; power 0 takes its vote. */
export interface VoterUpdate extends Voter {
  readonly consensusKey: Uint8Array;
}

export interface SlipResult {
  readonly id: SlipId;
  readonly kind: SlipKind;
  readonly code: SlipCode;
}

export interface BlockResult {
  readonly writes: Writes;
  /** Per group, per slip, in order. */
  readonly results: readonly (readonly SlipResult[])[];
  readonly sealed: readonly PageHeader[];
  readonly roots: StateRoots;
  readonly appHash: Uint8Array;
  /** By id; none where nothing changed. */
  readonly voterUpdates: readonly VoterUpdate[];
  /** Parameters of the chain that change; no slip kind changes any yet. */
  readonly paramUpdates: Partial<ChainParams>;
}

/** A block being executed group by group, so that its caller can let others in between. */
export interface Execution {
  executeGroup(group: Group): SlipResult[];
  /** Once, when no group is left. */
  finish(): Omit<BlockResult, "results">;
}

/**
 * The machine behind the engines (ABCI verbs in brackets). Pure: no clock, randomness, I/O, floats or locale.
 * `finalizeBlock` expects groups whose signatures were verified; `signatures` says which.
 */
export interface Machine {
  readonly genesis: Genesis;
  /** [InitChain] The state of height 0. */
  initChain(): {
    readonly writes: Writes;
    readonly roots: StateRoots;
    readonly appHash: Uint8Array;
  };
  /**
   * [CheckTx, PrepareProposal, ProcessProposal] Form, chain and keys of a group, judged against the state before the block; gives the
   * signatures that must verify: the carrier's, each slip's, then those that stand within slips.
   * @throws {AnamnesisError} codes 1–9 of the slip code table.
   */
  signatures(state: StateView, group: Group): GroupCheck[];
  /**
   * The keys that those signatures are verified under, in their order.
   * @throws {AnamnesisError} WRONG_CHAIN, UNKNOWN_CARRIER, UNKNOWN_KEY.
   */
  keys(state: StateView, group: Group): Uint8Array[];
  /** [CheckTx] The state rules for each slip by a node's own clock; advisory. `now` is Unix milliseconds. */
  admit(state: StateView, group: Group, now: number): SlipResult[];
  /** [FinalizeBlock] The state must not change until it is finished. */
  beginBlock(state: StateView, block: BlockContext): Execution;
  /** The same in one go. */
  finalizeBlock(
    state: StateView,
    block: BlockContext & { readonly groups: readonly Group[] },
  ): BlockResult;
  /** When the open page must be sealed (Unix milliseconds), or `undefined` when it is empty. */
  pageDueAt(state: StateView): number | undefined;
}

export type { AnamnesisError };
