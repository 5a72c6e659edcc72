import { sign } from "@anamnesis/crypto/sign";
import { fromBase64url } from "@anamnesis/crypto/verify";
import { AnamnesisError, limits, makeTicket, ticketDocument } from "@anamnesis/protocol";
import { jsonObject, readBody } from "@anamnesis/server";
import type { Answer, Incoming, Route } from "@anamnesis/server";
import type { NodeDeps } from "../deps.ts";
import { staffOfThisInstitution } from "./callers.ts";

/** Tickets to the vault (H-15). */
export const ticketRoutes = (deps: NodeDeps): readonly Route[] => [
  {
    method: "POST",
    url: "/tickets",
    spec: "H-15",
    summary: "Let the bearer get or put an object",
    handle: (incoming) => postTicket(deps, incoming),
  },
];

/** Who knows an object's id may get it: ids are random and sealed. Only who may submit records here may put: its doctors. */
async function postTicket(deps: NodeDeps, incoming: Incoming): Promise<Answer> {
  const body = await readBody(incoming);
  const { action, object } = jsonObject(body);
  const id =
    typeof object === "string" && /^[A-Za-z0-9_-]{43}$/.test(object)
      ? fromBase64url(object)
      : undefined;
  if (id === undefined)
    throw new AnamnesisError("BAD_REQUEST", "object is not base64url of 32 bytes");
  if (action !== "get" && action !== "put")
    throw new AnamnesisError("BAD_REQUEST", "action is neither get nor put");
  if (action === "put") await assertWriter(deps, incoming, body);
  const ticket = makeTicket(
    { institution: deps.institution, action, object: id, notAfter: deps.now() + limits.ticketMs },
    (type, message) => sign({ type, message, secretKey: deps.keys.signing.secretKey }),
  );
  return { body: ticketDocument.encode(ticket) };
}

async function assertWriter(deps: NodeDeps, incoming: Incoming, body: Uint8Array): Promise<void> {
  const caller = await deps.callers.callerOf(incoming, body, async (fingerprint) => {
    const staff = staffOfThisInstitution(deps, fingerprint);
    if (staff === undefined)
      throw new AnamnesisError(
        "CERTIFICATE_NOT_LIVE",
        "Refused: want a live certificate of this institution",
      );
    if (staff.role !== "doctor")
      throw new AnamnesisError("NOT_FOR_THIS_ROLE", "Refused: want the certificate of a doctor");
    return staff.signingKey;
  });
  if (caller.kind === "key")
    throw new AnamnesisError("FORBIDDEN", "Refused: want a signature under a certificate");
}
