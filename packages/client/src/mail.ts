import { openWith, sealTo } from "@anamnesis/crypto/box";
import {
  AnamnesisError,
  consortiumOf,
  contactCard,
  decodeMessage,
  encodeMessage,
  hpkeInfo,
  proveByCard,
  proveByReply,
} from "@anamnesis/protocol";
import type {
  CertificateView,
  ContactCard,
  Message,
  MessageType,
  PostProof,
  Reply,
} from "@anamnesis/protocol";
import { BYTES, fromHex } from "@anamnesis/crypto/verify";
import type { Caller } from "./ports.ts";
import type { Session } from "./session.ts";
import { postToMailbox } from "./members/ask.ts";

/** By what the node of a box is shown that this writer is expected there, so that it has room (M-18). */
export type Expected =
  | { readonly by: "card"; readonly postKey: Uint8Array }
  | { readonly by: "reply"; readonly reply: Reply }
  | { readonly by: "visit"; readonly visit: Caller }
  | { readonly by: "nothing" };

/** Where a message goes: a box at the node that serves an institution. */
export interface Address {
  readonly institution: string;
  readonly box: Uint8Array;
  readonly boxKey: Uint8Array;
  readonly expected: Expected;
}

/** A staff member's box (M-3). */
export const staffAddress = (
  view: Pick<CertificateView, "institution" | "fingerprint" | "boxKey">,
  expected: Expected,
): Address => ({
  institution: view.institution,
  box: fromHex(view.fingerprint),
  boxKey: view.boxKey,
  expected,
});

/**
 * The box that a contact card names (M-2). A card may not send its holder to an address of its own choice.
 *
 * @throws {AnamnesisError} NOT_FOUND when its node is not of this federation.
 */
export function cardAddress(session: Pick<Session, "trust">, card: ContactCard): Address {
  const member = consortiumOf(session.trust).members.find(
    ({ id, address }) => id === card.node || address === card.node,
  );
  if (member === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      "The contact card names a node that is not of this federation",
    );
  const { box, boxKey, postKey } = card;
  return { institution: member.id, box, boxKey, expected: { by: "card", postKey } };
}

/** Seals a message to a box; what is posted, and what slips commit to by its SHA-256. */
export function sealMessage(
  to: Address,
  message: { readonly type: MessageType; readonly body: Uint8Array },
): Promise<Uint8Array> {
  return sealTo({
    publicKey: to.boxKey,
    info: hpkeInfo.message,
    aad: to.box,
    plaintext: encodeMessage(message, BYTES.boxSeal),
  });
}

/** Seals and posts. @throws {AnamnesisError} BOX_FULL, TOO_LARGE, NOT_FOUND (no such box), UNAVAILABLE. */
export async function sendMessage(
  session: Session,
  to: Address,
  message: { readonly type: MessageType; readonly body: Uint8Array },
): Promise<void> {
  await postSealed(session, to, await sealMessage(to, message));
}

/** Posts what {@link sealMessage} made. @throws {AnamnesisError} as {@link sendMessage}. */
export async function postSealed(
  session: Pick<Session, "network" | "trust">,
  { institution, box, expected }: Address,
  sealed: Uint8Array,
): Promise<void> {
  const visit = expected.by === "visit" ? expected.visit : undefined;
  const proof = postProof({ box, expected }, sealed);
  await postToMailbox(session, institution, (mailbox) =>
    mailbox.post(box, { sealed, proof }, visit),
  );
}

/** What shows the node of a box that the writer is expected there; a visit shows it by its signature over the request. */
export function postProof(
  { box, expected }: Pick<Address, "box" | "expected">,
  sealed: Uint8Array,
): PostProof | null {
  const posted = { box, sealed };
  switch (expected.by) {
    case "card":
      return proveByCard(expected.postKey, posted);
    case "reply":
      return proveByReply(expected.reply, posted);
    case "visit":
    case "nothing":
      return null;
  }
}

/** @throws {CryptoError} E_DECRYPT. @throws {AnamnesisError} MALFORMED and those of decoding. */
export async function openMessage(
  box: Uint8Array,
  secretKey: Uint8Array,
  sealed: Uint8Array,
): Promise<Message> {
  return decodeMessage(await openWith({ secretKey, info: hpkeInfo.message, aad: box, sealed }));
}

export const { encode: encodeCard, decode: decodeCard } = contactCard;
