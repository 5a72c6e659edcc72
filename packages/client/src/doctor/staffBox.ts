import { CryptoError, fromHex, toHex } from "@anamnesis/crypto/verify";
import {
  AnamnesisError,
  careChainOf,
  gidOf,
  signedVisitToken,
  tokenAnswer,
  tokenPid,
  verifyVisitToken,
  consortiumOf,
} from "@anamnesis/protocol";
import type { Message } from "@anamnesis/protocol";
import { certifiedCaller } from "../caller.ts";
import { encodeCard, openMessage } from "../mail.ts";
import { askMailbox, askMembers } from "../members/ask.ts";
import { verifyPatient } from "../people.ts";
import type { Session } from "../session.ts";
import { contactKey } from "./addressBook.ts";
import { takeDispute } from "./disputes.ts";
import { verifyGrantMessage } from "./grantMessage.ts";
import { keepGrant } from "./grants.ts";
import { sendLetters } from "../letters.ts";

export type ReceivedEvent =
  | { readonly what: "token"; readonly pid: string; readonly patient: string }
  | { readonly what: "tokenDeclined" }
  | { readonly what: "grant"; readonly gid: string; readonly patient: string }
  | { readonly what: "refused"; readonly request: string }
  | { readonly what: "disputed"; readonly record: string }
  /** The node of the box does not answer; what lies there comes later. */
  | { readonly what: "waiting"; readonly code: string; readonly message: string }
  /** Something that did not open or does not hold, and was thrown away. */
  | { readonly what: "discarded"; readonly code: string };

/**
 * Reads the staff box once: tokens, grants, refusals and disputes become items. A message is removed once it is kept;
 * one that comes twice changes nothing. Messages of this device that wait are sent again.
 *
 * @param options.waitMs - Long poll, at most 30 s. Without, a box whose node does not answer is told of, and nothing else fails.
 * @throws {AnamnesisError} UNAVAILABLE, CERTIFICATE_NOT_LIVE, NOT_FOR_THIS_ROLE.
 */
export async function receive(
  session: Session,
  options: { readonly waitMs?: number; readonly signal?: AbortSignal } = {},
): Promise<readonly ReceivedEvent[]> {
  const { waitMs = 0 } = options;
  const [events] = await Promise.all([
    readStaffBox(session, options).catch((error: unknown): ReceivedEvent[] => {
      const isAway = error instanceof AnamnesisError && error.code === "UNAVAILABLE";
      if (!isAway || waitMs > 0) throw error;
      return [{ what: "waiting", code: error.code, message: error.message }];
    }),
    sendLetters(session),
  ]);
  return events;
}

async function readStaffBox(
  session: Session,
  options: { readonly waitMs?: number; readonly signal?: AbortSignal },
): Promise<readonly ReceivedEvent[]> {
  const { device } = session;
  if (device.role === "patient")
    throw new AnamnesisError(
      "NOT_FOR_THIS_ROLE",
      "Patients have boxes of their own; this one is for staff",
    );
  const [{ fingerprint }, { box: keys }, caller] = await Promise.all([
    device.certificate(),
    device.keys(),
    certifiedCaller(device),
  ]);
  const box = fromHex(fingerprint);
  const { institution } = device;
  const wanted = { waitMs: options.waitMs ?? 0, signal: options.signal };
  const messages = await askMailbox(session, institution, (mailbox) =>
    mailbox.read(box, wanted, caller),
  );
  const events: ReceivedEvent[] = [];
  for (const { id, sealed } of messages) {
    events.push(await take(session, sealed, () => openMessage(box, keys.secretKey, sealed)));
    await askMailbox(session, institution, (mailbox) => mailbox.remove(box, id, caller));
  }
  return events;
}

async function take(
  session: Session,
  sealed: Uint8Array,
  open: () => Promise<Message>,
): Promise<ReceivedEvent> {
  try {
    const message = await open();
    switch (message.type) {
      case "visit.token":
        return await takeToken(session, message.body);
      case "grant":
        return await takeGrant(session, message.body);
      case "access.refused":
        return await takeRefusal(session, message.body);
      case "record.dispute":
        return { what: "disputed", record: await takeDispute(session, message.body, sealed) };
      case "token.request":
      case "record.notice":
      case "access.request":
      case "lookup.notice":
        return { what: "discarded", code: "NOT_FOR_THIS_ROLE" };
    }
  } catch (error) {
    const isTheirs =
      error instanceof CryptoError ||
      (error instanceof AnamnesisError && error.code !== "UNAVAILABLE");
    if (!isTheirs) throw error;
    return { what: "discarded", code: error.code };
  }
}

/** Keeps a visit token whose visit and patient signed it, and the contact card in it. */
async function takeToken(session: Session, body: Uint8Array): Promise<ReceivedEvent> {
  const answer = tokenAnswer.decode(body);
  if (answer.token.length === 0) return { what: "tokenDeclined" };
  const { device } = session;
  const signed = signedVisitToken.decode(answer.token);
  const now = session.clock();
  const patient = await verifyPatient(session, signed);
  const token = verifyVisitToken(signed, patient.signingKey);
  if (
    token.institution !== device.institution ||
    token.chain !== careChainOf(session.trust, device.institution).chain
  ) {
    throw new AnamnesisError("FORBIDDEN", "The visit token is for another institution");
  }
  const { contact, stated } = token;
  const name = stated.name ?? patient.fingerprint.slice(0, 16);
  const pid = tokenPid(token);
  const isAsked = answer.id.some((byte) => byte !== 0);
  const known = await device.items.get("token", pid);
  await device.items.put("token", pid, {
    pid,
    token: answer.token,
    patient: patient.fingerprint,
    patientName: name,
    kind: isAsked ? "import" : "visit",
    notAfter: token.notAfter,
    usedFor: known?.usedFor ?? null,
    answers: isAsked ? `${toHex(answer.id)}/${answer.index}` : null,
    time: known?.time ?? now,
  });
  await device.items.put("contact", contactKey(patient.fingerprint, contact), {
    patient: patient.fingerprint,
    name,
    card: encodeCard(contact),
    time: now,
  });
  return { what: "token", pid, patient: name };
}

async function takeGrant(session: Session, body: Uint8Array): Promise<ReceivedEvent> {
  const { message, grant, patient } = await verifyGrantMessage(session, body);
  const gid = gidOf(grant.key);
  await keepGrant(session, body, {
    gid,
    patient: patient.fingerprint,
    patientName: message.name,
    time: session.clock(),
  });
  return { what: "grant", gid, patient: message.name };
}

/** Believes the chain, not the message, that a request was refused. */
async function takeRefusal(session: Session, body: Uint8Array): Promise<ReceivedEvent> {
  const request = toHex(body);
  const { items } = session.device;
  const item = await items.get("request", request);
  if (item === undefined)
    throw new AnamnesisError("NOT_FOUND", "A refusal is for a request that was not made here");
  const { chain } = consortiumOf(session.trust);
  const { refused } = await askMembers(session, chain, (node) => node.request(chain, request));
  if (refused === undefined)
    throw new AnamnesisError("NOT_YET", "The request is not refused on the chain");
  await items.put("request", request, { ...item, state: "refused", closedAt: refused });
  return { what: "refused", request };
}
