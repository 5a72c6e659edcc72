import type { Entry } from "./indexTable.ts";

/** Two runs of entries in key order (`reverse`: backwards) as one; of two with the same key the first run's. */
export function* merged(
  first: Iterable<Entry>,
  second: Iterable<Entry>,
  reverse = false,
): Generator<Entry> {
  const others = second[Symbol.iterator]();
  let other = others.next();
  for (const entry of first) {
    while (
      other.done !== true &&
      (reverse ? other.value[0] > entry[0] : other.value[0] < entry[0])
    ) {
      yield other.value;
      other = others.next();
    }
    if (other.done !== true && other.value[0] === entry[0]) other = others.next();
    yield entry;
  }
  for (; other.done !== true; other = others.next()) yield other.value;
}
