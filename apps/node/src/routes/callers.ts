import { AnamnesisError, certificateLive, parseFingerprint } from "@anamnesis/protocol";
import type { CertificateView } from "@anamnesis/protocol";
import { findCertificate } from "@anamnesis/ledger";
import type { NodeDeps } from "../deps.ts";

/** The consortium's word on a certificate, wherever this node keeps that chain. */
function certificate(
  { chains }: Pick<NodeDeps, "chains">,
  fingerprint: string,
): CertificateView | undefined {
  const id = parseFingerprint(fingerprint);
  const consortium = [...chains.values()].find(({ genesis }) => genesis.kind === "consortium");
  return consortium?.snapshot(({ state }) => findCertificate(state, id));
}

/**
 * A staff certificate that counts now.
 * @throws {AnamnesisError} CERTIFICATE_NOT_LIVE when unknown here, revoked or out of date.
 */
export function liveCertificate(
  deps: Pick<NodeDeps, "chains" | "now">,
  fingerprint: string,
): CertificateView {
  const found = certificate(deps, fingerprint);
  if (found === undefined || !certificateLive(found, deps.now())) {
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Refused: the certificate is not on the chain, revoked or out of date",
    );
  }
  return found;
}

/** A live certificate of this institution's staff, or nothing. */
export function staffOfThisInstitution(
  deps: NodeDeps,
  fingerprint: string,
): CertificateView | undefined {
  const found = certificate(deps, fingerprint);
  return found !== undefined &&
    found.institution === deps.institution &&
    certificateLive(found, deps.now())
    ? found
    : undefined;
}

/** Whether a box is named by anybody's certificate, live or not: such a box is theirs and cannot be opened by another key. */
export const isStaffBox = (deps: NodeDeps, box: string): boolean =>
  certificate(deps, box) !== undefined;
