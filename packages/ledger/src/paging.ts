import { numberAt, numberKey } from "./keys.ts";
import type { StateView } from "./state.ts";
import { LedgerView } from "./view.ts";
import type { PlacedSlip } from "./view.ts";

/** Which page of a list is wanted. */
export interface PageOf {
  /** `next` of the page before. */
  readonly after?: number | undefined;
  /** Slips whose views it holds at most. */
  readonly limit: number;
}
/** One page of a list: `next` is what to ask for as `after`; absent on the last page. */
export interface Page<T> {
  readonly found: T[];
  readonly next?: number;
}

/** What stands under an index, a page of it, oldest first. */
export function pageUnder<T>(
  state: StateView,
  prefix: string,
  { after, limit }: PageOf,
  views: (placed: PlacedSlip) => readonly T[],
): Page<T> {
  const view = new LedgerView(state);
  const found: T[] = [];
  const from = after === undefined ? {} : { after: prefix + numberKey(after) };
  let last = 0;
  let slips = 0;
  for (const [key] of state.range(prefix, from)) {
    if (slips >= limit) return { found, next: last };
    last = numberAt(key, prefix.length);
    slips += 1;
    const placed = view.slipAt(last);
    if (placed !== undefined) found.push(...views(placed));
  }
  return { found };
}
