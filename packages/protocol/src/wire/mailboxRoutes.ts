import { boxPost } from "../boxPost.ts";
import { limits } from "../limits.ts";
import {
  blob,
  bytes,
  hexId,
  item,
  list,
  literal,
  object,
  optional,
  tuple,
  uintUpTo,
} from "../shape.ts";
import { cbor, json, nothing } from "./body.ts";
import { maybeSignedBy, route, signedBy } from "./route.ts";

/** A box's id, or the fingerprint of the staff certificate whose box it is. */
const box = { box: hexId<string>() };
const messageId = hexId<string>(14);
const SMALL_BYTES = 4 * 1024;

/** What waits in a box, oldest first. */
export const messagesDocument = item(
  "Messages",
  list(tuple({ id: messageId, sealed: blob(limits.messageBytes) }), limits.boxMessages),
  limits.boxBytes + limits.boxMessages * 64,
  true,
);

/** The mailbox of a node (H-17). */
export const mailboxRoutes = {
  openBox: route({
    method: "PUT",
    path: "/boxes/{box}",
    params: box,
    caller: signedBy("either"),
    request: json("Box to open", object({ postKey: bytes(32) }), SMALL_BYTES),
    response: json("Opened box", object(box), SMALL_BYTES),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE", "RATE_LIMITED", "STORAGE_FULL"],
    summary: "Open a box, or say by which key room in it is proved",
    spec: "H-17",
  }),
  putMessage: route({
    method: "POST",
    path: "/boxes/{box}/messages",
    params: box,
    caller: maybeSignedBy("key"),
    request: cbor(boxPost),
    response: json("Message that was put", object({ message: messageId }), SMALL_BYTES),
    timeoutMs: 60_000,
    codes: ["BOX_FULL", "RATE_LIMITED", "STORAGE_FULL"],
    summary: "Put a sealed message into a box",
    spec: "H-17",
  }),
  readMessages: route({
    method: "GET",
    path: "/boxes/{box}/messages",
    params: box,
    query: { after: optional(messageId), wait: optional(uintUpTo(30_000)) },
    caller: signedBy("either"),
    request: nothing,
    response: cbor(messagesDocument),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE"],
    summary: "Read one's box, or wait for a message",
    spec: "H-17",
  }),
  removeMessage: route({
    method: "DELETE",
    path: "/boxes/{box}/messages/{message}",
    params: { ...box, message: messageId },
    caller: signedBy("either"),
    request: nothing,
    response: json("Removed message", object({ removed: literal(true) }), SMALL_BYTES),
    codes: ["FORBIDDEN", "CERTIFICATE_NOT_LIVE"],
    summary: "Remove a message from one's box",
    spec: "H-17",
  }),
} as const;
