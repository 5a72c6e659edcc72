import { sign } from "@anamnesis/crypto/sign";
import { AnamnesisError, limits, makeTicket, nodeRoutes } from "@anamnesis/protocol";
import type { CertificateView } from "@anamnesis/protocol";
import type { CertifiedCaller } from "@anamnesis/server";
import type { NodeDeps } from "../deps.ts";
import { handle } from "./handle.ts";
import type { Handlers } from "./handle.ts";

/** Tickets to the vault (H-15). */
export const ticketRoutes = (deps: NodeDeps): Handlers => [
  handle(nodeRoutes.postTicket, ({ body: { action, object }, caller }) => {
    // Who knows an object's id may get it: ids are random and sealed.
    if (action === "put") assertWriter(deps, caller);
    return makeTicket(
      { institution: deps.institution, action, object, notAfter: deps.now() + limits.ticketMs },
      (type, message) => sign({ type, message, secretKey: deps.keys.signing.secretKey }),
    );
  }),
];

/** Only who may submit records here may put: the doctors of this institution. */
function assertWriter(
  { institution }: NodeDeps,
  caller: CertifiedCaller<CertificateView> | undefined,
): void {
  if (caller === undefined)
    throw new AnamnesisError("SIGNATURE_REQUIRED", "Refused: want the signature of a doctor");
  if (caller.certificate.institution !== institution)
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Refused: want a live certificate of this institution",
    );
  if (caller.certificate.role !== "doctor")
    throw new AnamnesisError("NOT_FOR_THIS_ROLE", "Refused: want the certificate of a doctor");
}
