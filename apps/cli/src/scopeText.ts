/** Titles of records by their ids, as far as the device knows them. */
export type Titles = ReadonlyMap<string, { readonly title: string }>;

/** What a request, a grant or an entry of the log is about. */
export function scopeText(
  titles: Titles,
  categories: readonly string[] | undefined,
  records: readonly string[] | undefined,
): string {
  if (records !== undefined) return `${records.length} records${namesOf(titles, records)}`;
  return categories === undefined || categories.length === 0
    ? "every record"
    : categories.join(", ");
}

function namesOf(titles: Titles, records: readonly string[]): string {
  const known = [...new Set(records.flatMap((id) => titles.get(id)?.title ?? []))];
  return known.length === 0 ? "" : ` (${known.join("; ")})`;
}

/** A record by its title, where that is known, and its id. */
export const recordText = (titles: Titles, id: string): string => {
  const title = titles.get(id)?.title;
  return title === undefined ? id : `“${title}” ${id}`;
};
