import { equalBytes } from "@anamnesis/crypto/verify";
import { AnamnesisError } from "@anamnesis/protocol";
import type { Fingerprint } from "@anamnesis/protocol";
import type { Caller } from "@anamnesis/server";
import type { RegistryDeps } from "./deps.ts";
import { institutionNamed } from "./institutions.ts";
import { isLive } from "./people.ts";
import type { CertificateEntry } from "./people.ts";
import { keepIntent } from "./slipOutbox.ts";

/**
 * POST /revocations (H-44): a registrar, or the node key of the institution that attested the person, takes a certificate back. The
 * revocation list has it at once; for staff the chains are told before the answer.
 *
 * @returns when it was revoked, Unix milliseconds.
 * @throws {AnamnesisError} NOT_FOUND, FORBIDDEN, UNAVAILABLE (revoked here, and told to the chains later).
 */
export async function revoke(
  deps: RegistryDeps,
  caller: Caller<CertificateEntry>,
  fingerprint: Fingerprint,
): Promise<number> {
  const entry = assertMayEnd(deps, caller, fingerprint);
  const revokedAt = deps.store.transaction(() => {
    if (entry.role !== "patient" && entry.revokedAt === 0) {
      for (const { chain } of deps.slips.chainsOf(entry.institution))
        keepIntent(deps.store, { fingerprint, verb: "revoke", chain });
    }
    return deps.people.revoke(fingerprint, deps.now());
  });
  if (entry.role !== "patient") await deps.slips.send(fingerprint);
  return revokedAt;
}

/** The certificate, if the caller may take it back or put it on hold. @throws {AnamnesisError} NOT_FOUND, FORBIDDEN */
export function assertMayEnd(
  deps: RegistryDeps,
  caller: Caller<CertificateEntry>,
  fingerprint: Fingerprint,
): CertificateEntry {
  const entry = deps.people.certificate(fingerprint);
  if (entry === undefined) throw new AnamnesisError("NOT_FOUND", "There is no such certificate");
  if (mayEnd(deps, caller, entry)) return entry;
  throw new AnamnesisError(
    "FORBIDDEN",
    "Refused: want a registrar of the certificate's institution, or its node",
  );
}

function mayEnd(
  deps: RegistryDeps,
  caller: Caller<CertificateEntry>,
  { institution }: CertificateEntry,
): boolean {
  if (caller.kind === "key") {
    const known = institutionNamed(deps, institution);
    return known !== undefined && equalBytes(known.nodeKey, caller.publicKey);
  }
  const registrar = caller.certificate;
  return (
    registrar.role === "registrar" &&
    registrar.institution === institution &&
    isLive(registrar, deps.now())
  );
}
