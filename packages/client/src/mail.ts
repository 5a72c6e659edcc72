import { openWith, sealTo } from "@anamnesis/crypto/box";
import {
  AnamnesisError,
  consortiumOf,
  contactCard,
  decodeMessage,
  encodeMessage,
  hpkeInfo,
} from "@anamnesis/protocol";
import type { CertificateView, ContactCard, Message, MessageType } from "@anamnesis/protocol";
import { BYTES, fromHex } from "@anamnesis/crypto/verify";
import type { Session } from "./session.ts";

/** Where a message goes: a box at the node of an institution. */
export interface Address {
  readonly institution: string;
  readonly box: Uint8Array;
  readonly boxKey: Uint8Array;
}

/** A staff member's box (M-3). */
export const staffAddress = (
  view: Pick<CertificateView, "institution" | "fingerprint" | "boxKey">,
): Address => ({
  institution: view.institution,
  box: fromHex(view.fingerprint),
  boxKey: view.boxKey,
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
  return { institution: member.id, box: card.box, boxKey: card.boxKey };
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
  await session.network.mailbox(to.institution).post(to.box, await sealMessage(to, message));
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
