import { at } from "@anamnesis/crypto/verify";
import { chainOf } from "@anamnesis/protocol";
import type { Session } from "../session.ts";
import { standingOf } from "./standing.ts";

/**
 * Whom to ask about a chain, the first one first: at random, and last who did not answer in the last minute (D15).
 *
 * What is asked about a care chain names visits. Their own institution knows them, and is asked first; after it come members
 * that were not asked about another institution's visits, so that none is shown, with an address, that two visits are one
 * patient's (docs/adr/0019-who-is-asked.md).
 */
export function membersInOrder(
  session: Pick<Session, "network" | "trust" | "random">,
  chain: string,
): string[] {
  const { kind, institution, members } = chainOf(session.trust, chain);
  const standing = standingOf(session);
  const isOwn = (member: string): boolean => kind === "care" && member === institution;
  const place = (member: string): number => {
    const leftOut = standing.isLeftOut(member) ? 4 : 0;
    if (kind !== "care" || isOwn(member)) return leftOut;
    return leftOut + (standing.knowsOthers(chain, member) ? 2 : 1);
  };
  const serving = members.filter(({ level }) => level !== "third-party");
  const weights = session.random(2 * serving.length);
  return serving
    .map(({ id }, i) => ({
      id: id as string,
      place: place(id),
      weight: 256 * at(weights, 2 * i) + at(weights, 2 * i + 1),
    }))
    .toSorted((a, b) => a.place - b.place || a.weight - b.weight)
    .map(({ id }) => id);
}
