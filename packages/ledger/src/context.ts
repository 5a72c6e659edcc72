import type { Genesis, InstitutionId, Slip, SlipKind } from "@anamnesis/protocol";
import type { Outcome } from "./outcome.ts";
import type { LedgerView } from "./view.ts";

/** All that a transition may know beside the state. */
export interface SlipContext {
  readonly genesis: Genesis;
  /** Block time, Unix milliseconds. */
  readonly time: number;
  readonly carrier: InstitutionId;
  /** How many slips the chain holds before this one: its place in every index. */
  readonly sequence: number;
  /** The state before the block: certificates that a slip cites must stand here. */
  readonly before: LedgerView;
}

/**
 * One slip kind. Signatures and the rules that all kinds share (`slipRules.ts`) were judged before. The order of checks
 * fixes which code a slip with several faults gets, so it is part of consensus.
 */
export type Transition<K extends SlipKind> = (
  state: LedgerView,
  slip: Slip<K>,
  context: SlipContext,
) => Outcome;
