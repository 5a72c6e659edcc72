import { encodeCanonical, verifySignature } from "@anamnesis/crypto/verify";
import { chainIdShape, institutionIdShape } from "./ids.ts";
import { bytes, document, literal, object, oneOf, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

const ticketShape = object({
  v: literal(1),
  /** Id of the one vault that honours it. */
  vault: text(64, 1),
  /** Where the record's slip is to stand; the vault notes it with the object when it is put. */
  chain: chainIdShape,
  /** Whose node signs it: a member of the chain. */
  institution: institutionIdShape,
  action: oneOf("get", "put"),
  object: bytes(32),
  notAfter: uint,
  signature: bytes(64),
});
/** A node lets the bearer get or put one object of a chain at one vault until `notAfter`. */
export type Ticket = Shaped<typeof ticketShape>;
export const ticketDocument = document("Ticket", ticketShape);

const signed = (ticket: Omit<Ticket, "signature" | "v">): Uint8Array =>
  encodeCanonical([
    ticket.vault,
    ticket.chain,
    ticket.institution,
    ticket.action,
    ticket.object,
    ticket.notAfter,
  ]);

export const makeTicket = (
  ticket: Omit<Ticket, "signature" | "v">,
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Ticket => ({ v: 1, ...ticket, signature: sign("TICKET", signed(ticket)) });

export const verifyTicket = (ticket: Ticket, publicKey: Uint8Array): boolean =>
  verifySignature({
    type: "TICKET",
    message: signed(ticket),
    publicKey,
    signature: ticket.signature,
  });
