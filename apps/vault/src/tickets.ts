import { fromHex, equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, verifyTicket } from "@anamnesis/protocol";
import type { Genesis, Ticket } from "@anamnesis/protocol";

/** Node keys of every member of every chain: whose tickets count here. */
export type NodeKeys = ReadonlyMap<string, Uint8Array>;

export const nodeKeysOf = (chains: readonly Genesis[]): NodeKeys =>
  new Map(
    chains.flatMap(({ members }) =>
      members.map(({ id, nodeKey }) => [id as string, nodeKey] as const),
    ),
  );

/**
 * Checks that a member's node lets the bearer do this to this object now.
 *
 * @param now - The time, Unix milliseconds.
 * @throws {AnamnesisError} TICKET_INVALID, whatever is wrong with it.
 */
export function checkTicket(
  ticket: Ticket,
  wanted: { readonly action: Ticket["action"]; readonly object: string },
  { keys, now }: { readonly keys: NodeKeys; readonly now: () => number },
): void {
  const key = keys.get(ticket.institution);
  if (key === undefined) throw invalid("its institution is not a member");
  if (!verifyTicket(ticket, key)) throw invalid("its signature does not verify");
  if (ticket.action !== wanted.action)
    throw invalid(`it is for '${ticket.action}', want '${wanted.action}'`);
  if (!equalBytes(ticket.object, fromHex(wanted.object))) throw invalid("it is for another object");
  if (ticket.notAfter < now()) throw invalid("it has expired");
  if (ticket.notAfter > now() + limits.ticketMs + limits.requestSkewMs)
    throw invalid("it lives longer than tickets may");
}

const invalid = (why: string): AnamnesisError =>
  new AnamnesisError("TICKET_INVALID", `Ticket refused: ${why}`);
