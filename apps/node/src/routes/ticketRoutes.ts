import { sign } from "@anamnesis/crypto/sign";
import { AnamnesisError, limits, makeTicket, nodeRoutes } from "@anamnesis/protocol";
import type { CertificateView } from "@anamnesis/protocol";
import type { CertifiedCaller } from "@anamnesis/server";
import type { Chain } from "../chain.ts";
import type { NodeDeps } from "../deps.ts";
import { chainNamed } from "./chainRoutes.ts";
import { handle } from "./handle.ts";
import type { Handlers } from "./handle.ts";

/** Tickets to the vault (H-15). */
export const ticketRoutes = (deps: NodeDeps): Handlers => [
  handle(nodeRoutes.postTicket, ({ body: wish, caller }) => {
    const chain = chainNamed(deps, wish);
    if (!deps.vaults.has(wish.vault))
      throw new AnamnesisError("NOT_FOUND", "This federation has no such vault");
    // Who knows an object's id may get it: ids are random and sealed.
    if (wish.action === "put") {
      assertWriter(deps, caller);
      assertOwnChain(deps, chain);
    }
    return makeTicket(
      { ...wish, institution: deps.institution, notAfter: deps.now() + limits.ticketMs },
      (type, message) => sign({ type, message, secretKey: deps.keys.signing.secretKey }),
    );
  }),
];

/** An object lies under the chain of the institution that writes it. @throws {AnamnesisError} FORBIDDEN */
function assertOwnChain({ institution }: NodeDeps, { genesis }: Chain): void {
  if (genesis.institution !== institution)
    throw new AnamnesisError("FORBIDDEN", "Refused: objects are put for this institution's chain");
}

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
