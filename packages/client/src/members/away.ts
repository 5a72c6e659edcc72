/**
 * Institutions of which an error says that they did not give what was asked of them: ids, which are public (`details.away` of
 * this package's errors). Empty where it is nobody's absence.
 */
export function awayIn(error: unknown): readonly string[] {
  const details = (error as { readonly details?: { readonly away?: unknown } } | null | undefined)
    ?.details;
  const away = details?.away;
  return Array.isArray(away) ? [...new Set(away.filter((id) => typeof id === "string"))] : [];
}
