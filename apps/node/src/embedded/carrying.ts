import { randomBytes } from "@anamnesis/crypto/verify";
import { limits } from "@anamnesis/protocol";
import type { Slip } from "@anamnesis/protocol";
import type { SlipOutcome } from "../chain.ts";

/** A slip that waits to be carried: its form, key and signature hold. */
export interface Waiting {
  readonly slip: Slip;
  readonly resolve: (outcome: SlipOutcome) => void;
  readonly reject: (error: unknown) => void;
}

/** What a group takes beside its slips: chain, carrier, signature and lengths, generously. */
const GROUP_FRAME_BYTES = 1_024;
/** What CBOR puts before a slip. */
const SLIP_FRAME_BYTES = 5;

/** In an order that says nothing of who came first (design section 4). */
export function shuffled<T>(waiting: readonly T[]): T[] {
  const order = [...waiting];
  const random = new DataView(randomBytes(4 * Math.max(1, order.length)).buffer);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.getUint32(4 * i) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Cut into what fits one group each: at most 64 slips, and no more bytes than a group may have. */
export function cutIntoGroups<T>(order: readonly T[], slipOf: (item: T) => Slip): T[][] {
  const groupsOfSlips: T[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const item of order) {
    const added = slipOf(item).bytes.length + SLIP_FRAME_BYTES;
    const last = groupsOfSlips.at(-1);
    const fits =
      last !== undefined && last.length < limits.groupSlips && bytes + added <= limits.groupBytes;
    if (fits) last.push(item);
    else groupsOfSlips.push([item]);
    bytes = fits ? bytes + added : GROUP_FRAME_BYTES + added;
  }
  return groupsOfSlips;
}
