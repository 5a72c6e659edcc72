import { equalBytes } from "@anamnesis/crypto/verify";
import { fingerprintFrom, fingerprintOf, parseInstitutionId } from "@anamnesis/protocol";
import type { CertificateView, Fingerprint, Genesis, InstitutionView } from "@anamnesis/protocol";
import { nameHash } from "./kinds/identityCertify.ts";
import { pageUnder } from "./paging.ts";
import type { Page, PageOf } from "./paging.ts";
import { rows } from "./rows.ts";
import type { StateView } from "./state.ts";
import { readRow } from "./view.ts";
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

/** A name, an institution, or both. */
export interface CertificateFilter {
  readonly name?: string | undefined;
  readonly institution?: string | undefined;
}

/**
 * H-14, certificates with exactly this name, of this institution, or both, oldest first, a page of them. Those of genesis stand
 * on the first page: they are under no index, since no slip brought them.
 */
export function certificatesPage(
  state: StateView,
  { registrars }: Pick<Genesis, "registrars">,
  filter: CertificateFilter,
  page: PageOf,
): Page<CertificateView> {
  const isMeant = ({ name, institution }: Required<CertificateFilter>): boolean =>
    (filter.name === undefined || filter.name === name) &&
    (filter.institution === undefined || filter.institution === institution);
  const meant = (fingerprint: Fingerprint): CertificateView[] => {
    const found = findCertificate(state, fingerprint);
    return found !== undefined && isMeant(found) ? [found] : [];
  };
  const prefix =
    filter.name === undefined
      ? rows.byInstitution.key(filter.institution!)
      : rows.byName.key(nameHash(filter.name));
  const { found, ...rest } = pageUnder(state, prefix, page, ({ slip: { fields } }) =>
    "fingerprint" in fields ? meant(fingerprintFrom(fields.fingerprint)) : [],
  );
  if (page.after !== undefined) return { found, ...rest };
  return {
    found: [...registrars.flatMap(({ der }) => meant(fingerprintOf(der))), ...found],
    ...rest,
  };
}

/** H-70: every member by id, third parties and suspended ones included. */
export const findInstitutions = (state: StateView): InstitutionView[] =>
  Array.from(state.range(rows.institution.prefix), ([key, value]) => {
    const { name, level, power, nodeKey, address, suspended } = rows.institution.decode(value);
    const id = parseInstitutionId(rows.institution.id(key));
    return { id, name, level, power, nodeKey, address, suspended };
  });
