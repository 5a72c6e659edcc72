import { equalBytes } from "@anamnesis/crypto/verify";
import { fingerprintFrom, fingerprintOf, parseInstitutionId } from "@anamnesis/protocol";
import type { CertificateView, Fingerprint, Genesis, InstitutionView } from "@anamnesis/protocol";
import { keyBytes } from "./keys.ts";
import { nameHash } from "./kinds/identityCertify.ts";
import { rows } from "./rows.ts";
import type { StateView } from "./state.ts";
import { LedgerView, readRow } from "./view.ts";
import type { Reader } from "./view.ts";

/** Which staff and institutions stand on a chain (docs/spec/http.md H-14, H-70, H-75). */

/** Whether a key is the node's of an institution that keeps this chain's blocks: any but third parties (D18). */
export function keepsBlocks(state: StateView, nodeKey: Uint8Array): boolean {
  for (const [key] of state.range(rows.institution.prefix)) {
    const member = readRow(state, rows.institution, key);
    if (
      member !== undefined &&
      member.level !== "third-party" &&
      equalBytes(member.nodeKey, nodeKey)
    )
      return true;
  }
  return false;
}

/** H-14: one certificate, revoked ones included. */
export function findCertificate(
  state: Reader,
  fingerprint: Fingerprint,
): CertificateView | undefined {
  const key = rows.certificate.keyOf(fingerprint);
  const found = key === undefined ? undefined : readRow(state, rows.certificate, key);
  if (found === undefined) return undefined;
  const { v: _, ...certificate } = found;
  return { fingerprint, ...certificate };
}

export interface CertificateFilter {
  readonly name?: string | undefined;
  readonly institution?: string | undefined;
}

/**
 * H-14: certificates with exactly this name, of this institution, or both; all of them without either. Those of genesis stand
 * under no index, since no slip brought them.
 */
export function findCertificates(
  state: StateView,
  { registrars }: Pick<Genesis, "registrars">,
  filter: CertificateFilter,
): CertificateView[] {
  const isMeant = ({ name, institution }: Required<CertificateFilter>): boolean =>
    (filter.name === undefined || filter.name === name) &&
    (filter.institution === undefined || filter.institution === institution);
  const first = registrars.filter(isMeant).map(({ der }) => fingerprintOf(der));
  return [...new Set([...first, ...certificatesUnder(state, filter)])]
    .flatMap((fingerprint) => findCertificate(state, fingerprint) ?? [])
    .filter(isMeant);
}

function certificatesUnder(
  state: StateView,
  { name, institution }: CertificateFilter,
): Fingerprint[] {
  if (name === undefined && institution === undefined)
    return Array.from(state.range(rows.certificate.prefix), ([key]) =>
      fingerprintFrom(keyBytes(key, 1)),
    );
  const prefix =
    name === undefined ? rows.byInstitution.key(institution!) : rows.byName.key(nameHash(name));
  return [...new LedgerView(state).slipsUnder(state, prefix)].flatMap(({ slip: { fields } }) =>
    "fingerprint" in fields ? [fingerprintFrom(fields.fingerprint)] : [],
  );
}

/** H-70: every member by id, third parties and suspended ones included. */
export const findInstitutions = (state: StateView): InstitutionView[] =>
  Array.from(state.range(rows.institution.prefix), ([key, value]) => {
    const { name, level, power, nodeKey, address, suspended } = rows.institution.decode(value);
    const id = parseInstitutionId(rows.institution.id(key));
    return { id, name, level, power, nodeKey, address, suspended };
  });
