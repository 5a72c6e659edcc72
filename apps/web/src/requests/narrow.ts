import type { RequestSummary } from "@anamnesis/client";
import type { Action } from "@anamnesis/protocol";
import { dayValue, endOfDay } from "../i18n/dates.ts";
import type { Rules } from "../worker/port.ts";

/** What a patient allows of a request. */
export interface Narrowed {
  /** Chosen categories; all that were asked for at first. */
  readonly categories: readonly string[];
  /** Whether a copy may be kept, where that was asked for. */
  readonly copy: boolean;
  /** `YYYY-MM-DD` */
  readonly until: string;
}

/** Categories that a request asks for, each by name. */
export const askedCategories = (
  request: Pick<RequestSummary, "categories">,
  rules: Rules,
): readonly string[] => request.categories ?? rules.categories;

/** Everything that was asked for. */
export const asAsked = (request: RequestSummary, rules: Rules): Narrowed => ({
  categories: askedCategories(request, rules),
  copy: request.actions.includes("copy"),
  until: dayValue(request.until),
});

export type NarrowProblem = "kinds" | "until";

/** A grant's terms; what was left as asked is left out. */
export interface Terms {
  readonly categories?: readonly string[];
  readonly actions?: readonly Action[];
  readonly until?: number;
}

/** The terms of a choice, or what is wrong with it. */
export function termsOf(
  request: RequestSummary,
  chosen: Narrowed,
  { rules, now }: { readonly rules: Rules; readonly now: number },
):
  | { readonly ok: true; readonly terms: Terms }
  | { readonly ok: false; readonly problem: NarrowProblem } {
  const asked = asAsked(request, rules);
  if (chosen.categories.length === 0) return { ok: false, problem: "kinds" };
  const isWhole = chosen.categories.length === asked.categories.length;
  const part = {
    ...(isWhole ? {} : { categories: chosen.categories }),
    ...(asked.copy && !chosen.copy
      ? { actions: request.actions.filter((action) => action !== "copy") }
      : {}),
  };
  if (chosen.until === asked.until) return { ok: true, terms: part };
  const until = endOfDay(chosen.until);
  if (until === undefined || until <= now || until > latestEnd(request, { rules, now }))
    return { ok: false, problem: "until" };
  return { ok: true, terms: { ...part, until } };
}

/** The end may be brought forward, not put off; and no grant is longer than the federation's limit. */
export const latestEnd = (
  { until }: Pick<RequestSummary, "until">,
  { rules, now }: { readonly rules: Rules; readonly now: number },
): number => Math.min(endOfDay(dayValue(until)) ?? until, now + rules.grantLifetimeMs);
