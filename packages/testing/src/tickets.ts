/** Tickets as the nodes of the test federation sign them, for requests to its vault. */
import { toBase64url } from "@anamnesis/crypto/verify";
import { makeTicket, ticketDocument, ticketHeader } from "@anamnesis/protocol";
import type { ChainId, Ticket } from "@anamnesis/protocol";
import { hospital } from "./federation.ts";
import { keyOf, signer } from "./keys.ts";

export interface TicketParts extends Partial<
  Omit<Ticket, "v" | "signature" | "action" | "object">
> {
  /** Whose key signs; default the institution's. */
  readonly key?: string;
}

/** The hospital's node lets an object of the hospital's chain be got or put; `parts` say what is different. */
export function ticketFor(
  action: Ticket["action"],
  object: Uint8Array,
  { key, ...parts }: TicketParts = {},
): Ticket {
  const ticket = {
    vault: "vault",
    chain: hospital as string as ChainId,
    institution: hospital,
    notAfter: Date.now() + 60_000,
    ...parts,
  };
  return makeTicket({ ...ticket, action, object }, signer(keyOf(key ?? ticket.institution)));
}

/** The header that shows a ticket. */
export const showing = (ticket: Ticket): Record<string, string> => ({
  [ticketHeader]: toBase64url(ticketDocument.encode(ticket)),
});
