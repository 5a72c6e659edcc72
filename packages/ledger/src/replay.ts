import type { SlipId } from "@anamnesis/protocol";
import { hexKey } from "./keys.ts";
import { rows } from "./rows.ts";
import type { LedgerView } from "./view.ts";

/**
 * Replay. The memory of slip ids is the stored slips themselves, read back from the pages after a restore.
 *
 * A node that prunes slips keeps each until its `notAfter` has passed. That keeps consensus: the rule before this one
 * refuses a slip past its `notAfter` as EXPIRED, so for later ones nobody asks the memory.
 */
export const isRemembered = (state: LedgerView, id: SlipId): boolean =>
  state.has(rows.slipId.prefix + hexKey(id));
