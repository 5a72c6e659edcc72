import { AnamnesisError } from "@anamnesis/protocol";
import type { Genesis } from "@anamnesis/protocol";

/** The writer first, for it has every height; then the others, each attempt beginning with another one. */
export function membersInOrder(genesis: Genesis, attempt: number): string[] {
  const others = genesis.members
    .map(({ id }) => id as string)
    .filter((id) => id !== genesis.writer);
  const turn = others.length === 0 ? 0 : attempt % others.length;
  return [genesis.writer, ...others.slice(turn), ...others.slice(0, turn)];
}

/** The first answer in order; where nobody answers, the first refusal that is more than being away. */
export async function firstAnswer<T>(
  members: readonly string[],
  what: string,
  ask: (member: string) => Promise<T>,
): Promise<T> {
  const failures: unknown[] = [];
  for (const member of members) {
    try {
      return await ask(member);
    } catch (error) {
      failures.push(error);
    }
  }
  const isAway = (error: unknown): boolean =>
    error instanceof AnamnesisError && (error.code === "UNAVAILABLE" || error.code === "NOT_YET");
  const said = failures.find((error) => !isAway(error));
  throw (
    said ??
    new AnamnesisError("UNAVAILABLE", `No member of the chain gave ${what}`, { cause: failures[0] })
  );
}
