/** Who works where: what the consortium says to everybody, without a device. */
import { randomBytes } from "@anamnesis/crypto/verify";
import { consortiumOf } from "@anamnesis/protocol";
import type { CertificateView, InstitutionView, Trust } from "@anamnesis/protocol";
import { verifyCertificateView } from "./certificates.ts";
import { askMembers } from "./members/ask.ts";
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
  askAny(source, (node, chain) => node.institutions(chain));

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
  const isNarrow = by.institution !== undefined || by.name !== undefined;
  const wanted = isNarrow
    ? [by]
    : (await listInstitutions(source)).map(({ id }) => ({ institution: id }));
  const views = await Promise.all(
    wanted.map((each) => askAny(source, (node, chain) => node.certificates(chain, each))),
  );
  return views
    .flat()
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

function askAny<T>(
  { trust, network }: DirectorySource,
  ask: (node: NodeApi, chain: string) => Promise<T>,
): Promise<T> {
  const { chain } = consortiumOf(trust);
  const parties = { trust, network, random: randomBytes };
  return askMembers(parties, chain, (node) => ask(node, chain));
}
