import { encodeCanonical, verifySignature } from "@anamnesis/crypto/verify";
import type { InstitutionId } from "./ids.ts";
import { bytes, document, literal, object, oneOf, text, uint } from "./shape.ts";
import type { Shaped } from "./shape.ts";

const ticketShape = object({
  v: literal(1),
  institution: text(64),
  action: oneOf("get", "put"),
  object: bytes(32),
  notAfter: uint,
  signature: bytes(64),
});
/** A member's node lets the bearer get or put one object at a vault until `notAfter`. */
export type Ticket = Shaped<typeof ticketShape>;
export const ticketDocument = document("Ticket", ticketShape);

const signed = (ticket: Omit<Ticket, "signature" | "v">): Uint8Array =>
  encodeCanonical([ticket.institution, ticket.action, ticket.object, ticket.notAfter]);

export const makeTicket = (
  ticket: {
    institution: InstitutionId;
    action: "get" | "put";
    object: Uint8Array;
    notAfter: number;
  },
  sign: (type: string, message: Uint8Array) => Uint8Array,
): Ticket => ({ v: 1, ...ticket, signature: sign("TICKET", signed(ticket)) });

export const verifyTicket = (ticket: Ticket, publicKey: Uint8Array): boolean =>
  verifySignature({
    type: "TICKET",
    message: signed(ticket),
    publicKey,
    signature: ticket.signature,
  });
