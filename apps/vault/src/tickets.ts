import { fromHex, equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, verifyTicket } from "@anamnesis/protocol";
import type { ChainId, Genesis, Ticket } from "@anamnesis/protocol";
import type { NamedObject } from "./store.ts";

/** By what a vault judges tickets. */
export interface TicketRules {
  /** This vault's own id. */
  readonly vault: string;
  /** Genesis documents of every chain of the federation. */
  readonly chains: ReadonlyMap<ChainId, Pick<Genesis, "institution" | "members">>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/**
 * Checks that a member of the ticket's chain lets the bearer do this to this object here and now. Whether the object is
 * of that chain is asked of the object itself: {@link assertOfItsChain}.
 *
 * @throws {AnamnesisError} TICKET_FOR_ANOTHER_VAULT; TICKET_INVALID, whatever else is wrong with it.
 * Spec: docs/spec/vault.md V-2.
 */
export function checkTicket(
  ticket: Ticket,
  wanted: { readonly action: Ticket["action"]; readonly object: string },
  { vault, chains, now }: TicketRules,
): void {
  if (ticket.vault !== vault)
    throw new AnamnesisError(
      "TICKET_FOR_ANOTHER_VAULT",
      "Ticket refused: it is for another vault than this one",
    );
  const chain = chains.get(ticket.chain);
  if (chain === undefined) throw invalid("its chain is not of this federation");
  const member = chain.members.find(({ id }) => id === ticket.institution);
  if (member === undefined) throw invalid("its institution is not a member of its chain");
  if (!verifyTicket(ticket, member.nodeKey)) throw invalid("its signature does not verify");
  if (ticket.action !== wanted.action)
    throw invalid(`it is for '${ticket.action}', want '${wanted.action}'`);
  if (ticket.action === "put" && ticket.institution !== chain.institution)
    throw invalid("only the institution whose chain it is lets an object be put");
  if (!equalBytes(ticket.object, fromHex(wanted.object))) throw invalid("it is for another object");
  if (ticket.notAfter < now()) throw invalid("it has expired");
  if (ticket.notAfter > now() + limits.ticketMs + limits.requestSkewMs)
    throw invalid("it lives longer than tickets may");
}

/** @throws {AnamnesisError} TICKET_FOR_ANOTHER_CHAIN when the object was put under another chain. Spec: V-11. */
export function assertOfItsChain(ticket: Ticket, object: NamedObject): void {
  if (object.chain !== ticket.chain)
    throw new AnamnesisError(
      "TICKET_FOR_ANOTHER_CHAIN",
      "Ticket refused: the object is of another chain than the ticket",
    );
}

const invalid = (why: string): AnamnesisError =>
  new AnamnesisError("TICKET_INVALID", `Ticket refused: ${why}`);
