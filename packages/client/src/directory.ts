/** Who works where: what the consortium says to everybody, without a device. */
import { consortiumOf, memberOf } from "@anamnesis/protocol";
import type { CertificateView, InstitutionView, Trust } from "@anamnesis/protocol";
import { verifyCertificateView } from "./certificates.ts";
import type { PersonView } from "./model.ts";
import type { Network, NodeApi } from "./ports.ts";

/** Whom to ask, and whose certificates to believe. */
export interface DirectorySource {
  readonly trust: Trust;
  readonly network: Network;
}

/** Whether a certificate counts, and if not why. */
export type Standing = "live" | "revoked" | "suspended" | "expired" | "not-yet-valid";

export interface StaffView extends PersonView {
  readonly standing: Standing;
  /** Unix milliseconds. */
  readonly validTo: number;
}

/** Every institution of the federation, those who joined later included, by id. @throws {AnamnesisError} UNAVAILABLE */
export const listInstitutions = (source: DirectorySource): Promise<readonly InstitutionView[]> =>
  authorityNode(source).institutions(consortiumOf(source.trust).chain);

/**
 * Staff with their certificates, by institution, role and name; one person may have several.
 *
 * @param by.institution - There alone. @param by.name - Who bears exactly this name.
 * @throws {AnamnesisError} AUTHOR_UNVERIFIED, UNAVAILABLE.
 */
export async function listStaff(
  source: DirectorySource,
  by: { readonly institution?: string; readonly name?: string },
  now: number,
): Promise<readonly StaffView[]> {
  const { chain } = consortiumOf(source.trust);
  const node = authorityNode(source);
  const isNarrow = by.institution !== undefined || by.name !== undefined;
  const wanted = isNarrow
    ? [by]
    : (await node.institutions(chain)).map(({ id }) => ({ institution: id }));
  const views = (await Promise.all(wanted.map((each) => node.certificates(chain, each)))).flat();
  return views
    .map((view) => staffView(verifyCertificateView(source.trust, view), now))
    .toSorted((left, right) => order(left).localeCompare(order(right), "en"));
}

/** Whether a certificate counts at `now`, Unix milliseconds. */
export function standingOf(view: CertificateView, now: number): Standing {
  if (view.revokedAt !== 0) return "revoked";
  if (now > view.validTo) return "expired";
  if (now < view.suspendedUntil) return "suspended";
  return now < view.validFrom ? "not-yet-valid" : "live";
}

const staffView = (view: CertificateView, now: number): StaffView => {
  const { fingerprint, name, role, institution, validTo } = view;
  return { fingerprint, name, role, institution, standing: standingOf(view, now), validTo };
};

const order = ({ institution, role, name, fingerprint }: StaffView): string =>
  [institution, role, name, fingerprint].join("\n");

const authorityNode = ({ trust, network }: DirectorySource): NodeApi => {
  const genesis = consortiumOf(trust);
  return network.node(memberOf(genesis, genesis.authority).id);
};
