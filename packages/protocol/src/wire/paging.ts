/** Lists in pages: how a page is asked for, and how its answer says that more follows. */
import { optional, uint, uintBetween, uintUpTo } from "../shape.ts";
import type { Shape } from "../shape.ts";

/** A number by which the state orders things: its keys hold six bytes of it. */
export const place: Shape<number> = uintUpTo(2 ** 48 - 1);
/** How many of a list are wanted. */
export const atMost = (max: number): { readonly optional: Shape<number> } =>
  optional(uintBetween(1, max, `a whole number from 1 to ${max}`));

/** Entries of one page. */
export const pageEntries = 500;
export const page = { after: optional(place), limit: atMost(pageEntries) } as const;
/** What to ask for the next page as `after`; absent on the last. */
export const next = { next: optional(uint) } as const;
