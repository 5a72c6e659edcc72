import { openWith } from "@anamnesis/crypto/box";
import { AnamnesisError, fingerprintOf, hpkeInfo, registryRoutes } from "@anamnesis/protocol";
import { handling } from "@anamnesis/server";
import type { CertifiedCaller, Handled } from "@anamnesis/server";
import { leaveContact, lookup } from "./contacts.ts";
import type { RegistryDeps } from "./deps.ts";
import { enrol } from "./enrolments.ts";
import { isLive } from "./people.ts";
import type { CertificateEntry } from "./people.ts";
import { revocationList } from "./revocationLists.ts";
import { revoke } from "./revocations.ts";
import { isOnHold, suspend } from "./suspensions.ts";
import { trace } from "./tracing.ts";

const handle = handling<CertificateEntry>();

export const routes = (deps: RegistryDeps): readonly Handled<CertificateEntry>[] => [
  handle(registryRoutes.getAuthorities, () => authoritiesPem(deps)),
  handle(registryRoutes.getRevocationLists, async () => ({
    care: await revocationList(deps.store, deps.authorities.care, deps.now()),
    thirdParties: await revocationList(deps.store, deps.authorities["third-parties"], deps.now()),
  })),
  handle(registryRoutes.enrol, async ({ body: sealed }) => {
    const opened = await openWith({
      secretKey: deps.box.secretKey,
      info: hpkeInfo.enrol,
      aad: new Uint8Array(0),
      sealed,
    });
    return enrol(deps, opened);
  }),
  handle(registryRoutes.putContact, async ({ body, caller }) => {
    await leaveContact(deps, liveEntry(deps, caller), body);
    return { stored: true as const };
  }),
  handle(registryRoutes.lookUp, ({ body, caller }) => lookup(deps, liveEntry(deps, caller), body)),
  handle(registryRoutes.revoke, async ({ body: { fingerprint }, caller }) => ({
    revokedAt: await revoke(deps, caller, fingerprint),
  })),
  handle(registryRoutes.trace, ({ body, caller }) => trace(deps, liveEntry(deps, caller), body)),
  handle(registryRoutes.suspend, ({ body, caller }) => {
    suspend(deps, caller, body);
    return { until: body.until };
  }),
];

/** Anybody who signs with a certificate that we do not know gets the answer of a wrong signature. */
export function knownCertificate(deps: RegistryDeps, fingerprint: string): CertificateEntry {
  const entry = deps.people.certificate(fingerprint);
  if (entry === undefined)
    throw new AnamnesisError(
      "SIGNATURE_INVALID",
      "Request signature refused: its certificate is not one of ours",
    );
  return entry;
}

/** @throws {AnamnesisError} CERTIFICATE_NOT_LIVE */
function liveEntry(
  deps: RegistryDeps,
  { certificate }: CertifiedCaller<CertificateEntry>,
): CertificateEntry {
  const now = deps.now();
  if (!isLive(certificate, now) || isOnHold(deps.store, fingerprintOf(certificate.der), now))
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      "Request refused: the certificate is expired, revoked or on hold",
    );
  return certificate;
}

const authoritiesPem = ({
  authorities,
}: RegistryDeps): { root: string; care: string; thirdParties: string } => ({
  root: authorities.root.certificate.toString("pem"),
  care: authorities.care.certificate.toString("pem"),
  thirdParties: authorities["third-parties"].certificate.toString("pem"),
});
