import { encodeCanonical } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, parseFingerprint } from "@anamnesis/protocol";
import { readBody } from "@anamnesis/server";
import type { Answer, Incoming, Route } from "@anamnesis/server";
import type { NodeDeps } from "../deps.ts";
import { isStaffBox, liveCertificate, staffOfThisInstitution } from "./callers.ts";
import { numberInQuery } from "./chainRoutes.ts";

/** The mailbox (H-17). */
export const boxRoutes = (deps: NodeDeps): readonly Route[] => [
  {
    method: "PUT",
    url: "/boxes/:box",
    spec: "H-17",
    summary: "Open a box",
    handle: (incoming) => openBox(deps, incoming),
  },
  {
    method: "POST",
    url: "/boxes/:box/messages",
    spec: "H-17",
    summary: "Put a sealed message into a box",
    handle: (incoming) => putMessage(deps, incoming),
  },
  {
    method: "GET",
    url: "/boxes/:box/messages",
    spec: "H-17",
    summary: "Read one's box",
    handle: (incoming) => readMessages(deps, incoming),
  },
  {
    method: "DELETE",
    url: "/boxes/:box/messages/:message",
    spec: "H-17",
    summary: "Remove a message from one's box",
    handle: (incoming) => removeMessage(deps, incoming),
  },
];

const WAIT_MAX_MS = 30_000;

/** A box id is 32 bytes in hex, like a fingerprint. @throws {AnamnesisError} BAD_REQUEST */
const boxOf = ({ params }: Incoming): string => parseFingerprint(params["box"] ?? "");

async function openBox(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const box = boxOf(incoming);
  const caller = await deps.callers.callerOf(incoming, await readBody(incoming), () => {
    throw new AnamnesisError("FORBIDDEN", "Refused: want the signature of the box's own key");
  });
  if (isStaffBox(deps, box))
    throw new AnamnesisError("FORBIDDEN", "Refused: this box is a certificate's");
  await deps.mailbox.openBox(box, caller.publicKey, incoming.origin);
  return { body: { box } };
}

async function putMessage(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const box = boxOf(incoming);
  if (!deps.mailbox.has(box) && staffOfThisInstitution(deps, box) === undefined) {
    throw new AnamnesisError("NOT_FOUND", "There is no such box here");
  }
  return {
    body: { message: await deps.mailbox.put(box, await readBody(incoming, limits.messageBytes)) },
  };
}

async function readMessages(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const box = await ownBox(deps, incoming);
  const after = incoming.query["after"] ?? "";
  if (!/^[0-9a-f]{0,28}$/.test(after))
    throw new AnamnesisError("BAD_REQUEST", "after is not the id of a message");
  const letters = await deps.mailbox.listOrWait(
    box,
    after,
    numberInQuery(incoming, "wait", 0, WAIT_MAX_MS),
  );
  return { body: encodeCanonical(letters.map(({ id, octets }) => [id, octets])) };
}

async function removeMessage(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const box = await ownBox(deps, incoming);
  const message = incoming.params["message"] ?? "";
  if (!/^[0-9a-f]{28}$/.test(message))
    throw new AnamnesisError("BAD_REQUEST", "Message is not an id");
  await deps.mailbox.remove(box, message);
  return { body: { removed: true } };
}

/** The box of whoever signed: opened by their bare key, or named by their certificate. */
async function ownBox(deps: NodeDeps, incoming: Incoming): Promise<string> {
  const box = boxOf(incoming);
  const caller = await deps.callers.callerOf(
    incoming,
    await readBody(incoming),
    async (fingerprint) => liveCertificate(deps, fingerprint).signingKey,
  );
  // Who opened a box before a certificate of that name came up does not get what is meant for its holder.
  const isTheirs =
    caller.kind === "key"
      ? deps.mailbox.isOwner(box, caller.publicKey) && !isStaffBox(deps, box)
      : caller.fingerprint === box;
  if (!isTheirs) throw new AnamnesisError("FORBIDDEN", "Refused: this box is another's");
  return box;
}
