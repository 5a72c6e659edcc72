import { AnamnesisError, certificateLive, parseFingerprint, serving } from "@anamnesis/protocol";
import type { CertificateView } from "@anamnesis/protocol";
import { findCertificate } from "@anamnesis/ledger";
import type { Chain } from "../chain.ts";
import type { NodeDeps } from "../deps.ts";

const consortiumAmong = (chains: NodeDeps["chains"]): Chain | undefined =>
  [...chains.values()].find(({ genesis }) => genesis.kind === "consortium");

/** The consortium's word on a certificate, wherever this node keeps that chain. */
function certificate(
  { chains }: Pick<NodeDeps, "chains">,
  fingerprint: string,
): CertificateView | undefined {
  const id = parseFingerprint(fingerprint);
  return consortiumAmong(chains)?.snapshot(({ state }) => findCertificate(state, id));
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
      "Refused: the certificate is not on the chain, revoked, suspended or out of date",
    );
  }
  return found;
}

/**
 * A live certificate of staff whose boxes lie at this node: this institution's, and at the authority's third parties'. Who is
 * suspended goes on being written to.
 */
export function staffServedHere(deps: NodeDeps, fingerprint: string): CertificateView | undefined {
  const found = certificate(deps, fingerprint);
  return found !== undefined &&
    isServedHere(deps, found.institution) &&
    certificateLive({ ...found, suspendedUntil: 0 }, deps.now())
    ? found
    : undefined;
}

function isServedHere(
  { chains, institution }: Pick<NodeDeps, "chains" | "institution">,
  of: string,
): boolean {
  const consortium = consortiumAmong(chains);
  return consortium === undefined
    ? of === institution
    : serving(consortium.genesis, of).id === institution;
}

/** Whether a box is named by anybody's certificate, live or not: such a box is theirs and cannot be opened by another key. */
export const isStaffBox = (deps: NodeDeps, box: string): boolean =>
  certificate(deps, box) !== undefined;
