import type { LogEntry } from "@anamnesis/client";

/** When each grant was last used, by its id. */
export function lastUses(log: readonly LogEntry[]): ReadonlyMap<string, number> {
  const uses = new Map<string, number>();
  for (const entry of log) {
    if (entry.what === "opened" && entry.time > (uses.get(entry.gid) ?? 0))
      uses.set(entry.gid, entry.time);
  }
  return uses;
}
