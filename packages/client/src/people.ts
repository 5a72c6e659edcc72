import { toHex } from "@anamnesis/crypto/verify";
import { AnamnesisError, checkRegistration, consortiumOf } from "@anamnesis/protocol";
import type { CertificateView, Credential, PersonCertificate } from "@anamnesis/protocol";
import { isLive, verifyCertificateView, verifyPatientCertificate } from "./certificates.ts";
import { assertKnown } from "./knownPeople.ts";
import type { PersonView } from "./model.ts";
import { askMembers } from "./members/ask.ts";
import type { Session } from "./session.ts";

interface Asked {
  readonly view: Promise<CertificateView>;
  /** Unix milliseconds. */
  readonly at: number;
}
const known = new WeakMap<Session, Map<string, Asked>>();
/** What was revoked counts for no longer than this. */
const REVOCATION_MS = 60_000;

/**
 * A staff certificate from the consortium, verified against the trust file. Remembered for the session: a certificate
 * never changes, but whether it is revoked does ({@link liveCertificate} asks anew).
 *
 * @param maxAgeMs - Asks anew what was asked longer ago.
 * @throws {AnamnesisError} AUTHOR_UNVERIFIED; NOT_FOUND, UNAVAILABLE.
 */
export function certificateOf(
  session: Session,
  fingerprint: string,
  maxAgeMs: number = Number.POSITIVE_INFINITY,
): Promise<CertificateView> {
  const cache = known.get(session) ?? new Map<string, Asked>();
  known.set(session, cache);
  const cached = cache.get(fingerprint);
  if (cached !== undefined && session.clock() - cached.at <= maxAgeMs) return cached.view;
  const view = askCertificate(session, fingerprint);
  cache.set(fingerprint, { view, at: session.clock() });
  view.catch(() => cache.delete(fingerprint));
  return view;
}

/**
 * A patient's certificate, for whose keys a registrar of this federation has signed: no chain holds it, and the registry
 * alone could have issued it to anybody (docs/spec/registry.md R-20).
 *
 * @throws {AnamnesisError} CERTIFICATE_INVALID, CERTIFICATE_NOT_LIVE, REGISTRATION_INVALID; UNAVAILABLE.
 */
export async function verifyPatient(
  session: Session,
  { certificate, registration }: Credential,
): Promise<PersonCertificate> {
  const patient = verifyPatientCertificate(session.trust, certificate, session.clock());
  const { registrar } = registration;
  const view = registrar === null ? undefined : await registrarOf(session, toHex(registrar));
  if (view === undefined)
    throw new AnamnesisError(
      "REGISTRATION_INVALID",
      "Registration refused: the chain knows no registrar who made it",
    );
  checkRegistration(patient, registration, { ...view, revokedAt: view.revokedAt ?? 0 });
  return patient;
}

async function registrarOf(
  session: Session,
  fingerprint: string,
): Promise<CertificateView | undefined> {
  try {
    return await certificateOf(session, fingerprint, REVOCATION_MS);
  } catch (error) {
    if (error instanceof AnamnesisError && error.code === "NOT_FOUND") return undefined;
    throw error;
  }
}

/** The certificate as it stands now. @throws {AnamnesisError} CERTIFICATE_NOT_LIVE, AUTHOR_UNVERIFIED, NOT_FOUND. */
export async function liveCertificate(
  session: Session,
  fingerprint: string,
): Promise<CertificateView> {
  const view = await askCertificate(session, fingerprint);
  if (!isLive(view, session.clock())) {
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      `The certificate of ${view.name} is revoked, suspended or outside its period`,
    );
  }
  return view;
}

async function askCertificate(session: Session, fingerprint: string): Promise<CertificateView> {
  const { chain } = consortiumOf(session.trust);
  const view = await askMembers(session, chain, (node) => node.certificate(chain, fingerprint));
  if (view.fingerprint !== fingerprint)
    throw new AnamnesisError("AUTHOR_UNVERIFIED", "The node answered with another certificate");
  return verifyCertificateView(session.trust, view);
}

/**
 * The staff member that a person means: a fingerprint, `NAME@INSTITUTION`, or a name. This device remembers them.
 *
 * @param institution - Only there.
 * @throws {AnamnesisError} NOT_FOUND, AMBIGUOUS_NAME, CERTIFICATE_NOT_LIVE, AUTHOR_UNVERIFIED; KEY_CHANGED when this device
 * dealt with another key under this name before.
 */
export async function findDoctor(
  session: Session,
  who: string,
  institution?: string,
): Promise<CertificateView> {
  const found = await findCertified(session, who, institution);
  await assertKnown(session, found);
  return found;
}

async function findCertified(
  session: Session,
  who: string,
  institution: string | undefined,
): Promise<CertificateView> {
  if (/^[0-9a-f]{64}$/.test(who)) return liveCertificate(session, who);
  const at = who.lastIndexOf("@");
  const name = at > 0 ? who.slice(0, at) : who;
  const place = at > 0 ? who.slice(at + 1) : institution;
  const chain = consortiumOf(session.trust).chain;
  const by = place === undefined ? { name } : { name, institution: place };
  const found = await askMembers(session, chain, (node) => node.certificates(chain, by));
  const meant = found.filter(
    (view) =>
      view.role !== "patient" &&
      view.name === name &&
      (place === undefined || view.institution === place),
  );
  const live = meant.filter((view) => isLive(view, session.clock()));
  const [only, other] = live.toSorted((a, b) => b.validFrom - a.validFrom);
  if (only === undefined && meant.length > 0)
    throw new AnamnesisError(
      "CERTIFICATE_NOT_LIVE",
      `No certificate of '${name}' is live: revoked, suspended or outside its period`,
    );
  if (only === undefined)
    throw new AnamnesisError(
      "NOT_FOUND",
      `Nobody of the staff is called '${name}'${place === undefined ? "" : ` at ${place}`}`,
    );
  if (other !== undefined) {
    const places = live
      .map((view) => `${view.name}@${view.institution} (${view.fingerprint.slice(0, 8)})`)
      .join(", ");
    throw new AnamnesisError(
      "AMBIGUOUS_NAME",
      `Several people are called '${name}', want one of ${places}, or a fingerprint`,
    );
  }
  return verifyCertificateView(session.trust, only);
}

export const personView = ({ fingerprint, name, role, institution }: PersonView): PersonView => ({
  fingerprint,
  name,
  role,
  institution,
});

/** Who that is, for lists: what cannot be verified is shown as its fingerprint without a name. */
export async function personOf(session: Session, fingerprint: string): Promise<PersonView> {
  try {
    return personView(await certificateOf(session, fingerprint));
  } catch (error) {
    if (!(error instanceof AnamnesisError) || error.code === "UNAVAILABLE") throw error;
    return { fingerprint, name: "", role: "", institution: "" };
  }
}
