import { AnamnesisError, mailboxRoutes } from "@anamnesis/protocol";
import type { CertificateView } from "@anamnesis/protocol";
import type { Caller } from "@anamnesis/server";
import type { NodeDeps } from "../deps.ts";
import { roomFor } from "../mailbox/roomFor.ts";
import { isStaffBox, staffServedHere } from "./callers.ts";
import { handle } from "./handle.ts";
import type { Handlers } from "./handle.ts";

/** The mailbox (H-17). */
export const boxRoutes = (deps: NodeDeps): Handlers => [
  handle(mailboxRoutes.openBox, async ({ params: { box }, body, caller, origin }) => {
    // A staff box is there already: its holder's request only says the postKey.
    if (caller.kind === "certificate") assertOwner(deps, box, caller);
    else if (isStaffBox(deps, box))
      throw new AnamnesisError("FORBIDDEN", "Refused: this box is a certificate's");
    else await deps.mailbox.openBox(box, caller.publicKey, origin);
    await deps.mailbox.postKeys.set(box, body.postKey);
    return { box };
  }),
  handle(mailboxRoutes.putMessage, async ({ params: { box }, body, caller, origin }) => {
    const isStaff = staffServedHere(deps, box) !== undefined;
    if (!isStaff && !deps.mailbox.has(box))
      throw new AnamnesisError("NOT_FOUND", "There is no such box here");
    const room = await roomFor(deps, { ...body, box, caller, isStaff });
    return { message: await deps.mailbox.put(box, body.sealed, { room, origin }) };
  }),
  handle(mailboxRoutes.readMessages, async ({ params: { box }, query, caller }) => {
    assertOwner(deps, box, caller);
    const letters = await deps.mailbox.listOrWait(box, query.after ?? "", query.wait ?? 0);
    return letters.map(({ id, octets }) => ({ id, sealed: octets }));
  }),
  handle(mailboxRoutes.removeMessage, async ({ params: { box, message }, caller }) => {
    assertOwner(deps, box, caller);
    await deps.mailbox.remove(box, message);
    return { removed: true as const };
  }),
];

/** A box is whose bare key opened it, or whose certificate names it. @throws {AnamnesisError} FORBIDDEN */
function assertOwner(deps: NodeDeps, box: string, caller: Caller<CertificateView>): void {
  // Who opened a box before a certificate of that name came up does not get what is meant for its holder.
  const isTheirs =
    caller.kind === "key"
      ? deps.mailbox.isOwner(box, caller.publicKey) && !isStaffBox(deps, box)
      : caller.fingerprint === box;
  if (!isTheirs) throw new AnamnesisError("FORBIDDEN", "Refused: this box is another's");
}
