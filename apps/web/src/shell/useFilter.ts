import { useState } from "react";

/**
 * A page's filter, kept with its entry in the browser's history: it stands again after a reload and when the person
 * comes back. It is not in the address, which would tell kinds of records and people to whoever reads over a shoulder.
 *
 * @param empty - Every value of the filter, empty.
 */
export function useFilter<F extends Readonly<Record<keyof F, string>>>(
  empty: F,
): readonly [F, (next: F) => void] {
  const [filter, setFilter] = useState<F>(() => ({ ...empty, ...keptIn(history.state, empty) }));
  const change = (next: F): void => {
    history.replaceState({ filter: next }, "");
    setFilter(next);
  };
  return [filter, change];
}

/** What an entry of the history holds of this filter; others' values are left. */
export function keptIn<F extends Readonly<Record<keyof F, string>>>(
  state: unknown,
  empty: F,
): Partial<F> {
  const kept = (state as { readonly filter?: unknown } | null)?.filter;
  if (typeof kept !== "object" || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).filter(
      ([name, value]) => Object.hasOwn(empty, name) && typeof value === "string",
    ),
  ) as Partial<F>;
}
