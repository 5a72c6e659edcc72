import { toHex } from "@anamnesis/crypto/verify";
import { certificateState, institutionState } from "@anamnesis/protocol";
import type {
  CertificateState,
  Fingerprint,
  InstitutionId,
  InstitutionState,
} from "@anamnesis/protocol";
import type { StateView } from "./state.ts";
import { stateKeys } from "./stateKeys.ts";
import { nameHash } from "./transitions/identityCertify.ts";
import type { Reader } from "./view.ts";

/** Who stands on a chain: staff certificates and member institutions (docs/spec/http.md H-14). */

export type CertificateView = Omit<CertificateState, "v"> & { readonly fingerprint: Fingerprint };

/** H-14: one certificate, revoked ones included. */
export function findCertificate(
  state: Reader,
  fingerprint: Fingerprint,
): CertificateView | undefined {
  const bytes = state.get(stateKeys.certificate(fingerprint));
  if (bytes === undefined) return undefined;
  const { v: _, ...certificate } = certificateState.decode(bytes);
  return { fingerprint, ...certificate };
}

export interface CertificateFilter {
  readonly name?: string | undefined;
  readonly institution?: string | undefined;
}

/** H-14: certificates with exactly this name, of this institution, or both; all of them without either. */
export function findCertificates(
  state: StateView,
  { name, institution }: CertificateFilter,
): CertificateView[] {
  return Array.from(
    state.range(indexPrefix(name, institution)),
    ([, fingerprint]) => toHex(fingerprint) as Fingerprint,
  )
    .flatMap((fingerprint) => findCertificate(state, fingerprint) ?? [])
    .filter(
      (found) =>
        (name === undefined || found.name === name) &&
        (institution === undefined || found.institution === institution),
    );
}

function indexPrefix(name: string | undefined, institution: string | undefined): string {
  if (name !== undefined) return stateKeys.byName(nameHash(name), "");
  return institution === undefined ? "by-institution/" : stateKeys.byInstitution(institution, "");
}

/** A member as the chain has it now. */
export function findInstitution(state: Reader, id: string): InstitutionState | undefined {
  const bytes = state.get(stateKeys.institution(id));
  return bytes === undefined ? undefined : institutionState.decode(bytes);
}

/** Every member, by id. */
export function allInstitutions(
  state: StateView,
): (InstitutionState & { readonly id: InstitutionId })[] {
  const prefix = stateKeys.institution("");
  return Array.from(state.range(prefix), ([key, bytes]) => ({
    id: key.slice(prefix.length) as InstitutionId,
    ...institutionState.decode(bytes),
  }));
}
