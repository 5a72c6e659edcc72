import type { LabelItem } from "../items.ts";
import type { Labels } from "../labels.ts";
import type { Session } from "../session.ts";

type GrantedLabel = LabelItem & { readonly gid: string };

const read = new WeakMap<Session, Map<string, GrantedLabel>>();

/** Labels of granted records, by digest: in memory alone, and no longer than their grant is listed as live. */
export function labelsInMemory(session: Session): Map<string, GrantedLabel> {
  const known = read.get(session) ?? new Map<string, GrantedLabel>();
  read.set(session, known);
  return known;
}

/** Those that were read under these grants; the others are forgotten. */
export function labelsOfGrants(session: Session, gids: ReadonlySet<string>): Labels {
  const memory = labelsInMemory(session);
  for (const [digest, { gid }] of memory) if (!gids.has(gid)) memory.delete(digest);
  return memory;
}
