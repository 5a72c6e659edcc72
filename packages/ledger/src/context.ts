import type { Genesis, InstitutionId, Slip, SlipKind } from "@anamnesis/protocol";
import type { IndexKey, Outcome } from "./outcome.ts";
import type { HistoryEntry } from "./queries.ts";
import type { LedgerView } from "./view.ts";

/** All that a kind's rules may know beside the state. */
export interface SlipContext {
  readonly genesis: Genesis;
  /** Block time, Unix milliseconds. */
  readonly time: number;
  readonly carrier: InstitutionId;
  /** How many slips the chain holds before this one: its place on the chain. */
  readonly sequence: number;
  /** The state before the block: certificates that a slip cites must stand here. */
  readonly before: LedgerView;
}

/**
 * One slip kind behind its row in protocol's `kinds/`: a file of this folder's `kinds/`, with its table of refusals beside it.
 * Every column is asked for, so that none is forgotten.
 */
export interface Kind<K extends SlipKind> {
  /**
   * The rules of the kind, then the facts and map entries that the slip leaves. Signatures and the rules that all kinds
   * share (`slipRules.ts`) were judged before. The order of checks fixes which code a slip with several faults gets, so it
   * is part of consensus.
   */
  readonly apply: (state: LedgerView, slip: Slip<K>, context: SlipContext) => Outcome;
  /** Where the slip can be found: block and recount both ask here. @param state - That after the slip. */
  readonly index: ((slip: Slip<K>, state: LedgerView) => readonly IndexKey[]) | "none";
  /** What the slip says in the history of the grant it is found under. */
  readonly history: ((slip: Slip<K>) => HistoryEntry) | "none";
}
