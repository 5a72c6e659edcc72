import { randomBytes, toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits } from "@anamnesis/protocol";
import { postSealed, postProof, sealMessage } from "./mail.ts";
import type { Address } from "./mail.ts";
import { postToMailbox } from "./members/ask.ts";
import type { MessageType } from "@anamnesis/protocol";
import type { Session } from "./session.ts";

/**
 * Posts what {@link sealMessage} made; where the node of the box does not answer the device keeps it, for no other node has that
 * box, and sends it when it reads its own boxes next (H-68).
 *
 * @returns the institution that did not answer.
 * @throws {AnamnesisError} BOX_FULL, TOO_LARGE, NOT_FOUND (no such box).
 */
export async function postOrKeep(
  session: Session,
  to: Address,
  sealed: Uint8Array,
): Promise<string | undefined> {
  try {
    await postSealed(session, to, sealed);
    return undefined;
  } catch (error) {
    if (!(error instanceof AnamnesisError) || error.code !== "UNAVAILABLE") throw error;
  }
  const { institution, box } = to;
  const letter = { institution, box, sealed, proof: postProof(to, sealed), time: session.clock() };
  await session.device.items.put("letter", toHex(randomBytes(16)), letter);
  return institution;
}

/** Seals, then as {@link postOrKeep}. */
export const sendOrKeep = async (
  session: Session,
  to: Address,
  message: { readonly type: MessageType; readonly body: Uint8Array },
): Promise<string | undefined> => postOrKeep(session, to, await sealMessage(to, message));

/** Sends what waits. What is refused, or has waited for a month, is given up. */
export async function sendLetters(session: Session): Promise<void> {
  const { items } = session.device;
  for (const [key, { institution, box, sealed, proof, time }] of await items.entries("letter")) {
    try {
      if (session.clock() < time + limits.messageLifetimeMs)
        await postToMailbox(session, institution, (mailbox) =>
          mailbox.post(box, { sealed, proof }),
        );
    } catch (error) {
      if (!(error instanceof AnamnesisError)) throw error;
      if (["UNAVAILABLE", "BUSY"].includes(error.code)) continue;
    }
    await items.remove("letter", key);
  }
}
